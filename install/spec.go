package install

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// DefaultName and DefaultDisplayName are what a kernelspec is called unless
// the user says otherwise.
const (
	DefaultName        = "cuaderno"
	DefaultDisplayName = "Go (Cuaderno)"
)

// connectionFile is the placeholder that a front end replaces by the path of
// the connection file (jupyter_client, KernelManager.format_kernel_cmd).
const connectionFile = "{connection_file}"

// A Spec is the content of kernel.json (jupyter_client, kernelspec.KernelSpec).
type Spec struct {
	Argv                  []string          `json:"argv"`
	DisplayName           string            `json:"display_name"`
	Language              string            `json:"language"`
	InterruptMode         string            `json:"interrupt_mode"`
	Env                   map[string]string `json:"env"`
	KernelProtocolVersion string            `json:"kernel_protocol_version"`
}

// NewSpec describes the kernel that the given program serves. Program is an
// absolute path; env is added to the environment of the kernel and may be nil.
// Interrupts come as messages, because a signal would also reach processes that
// the notebook started.
func NewSpec(program, displayName string, env map[string]string) (Spec, error) {
	if !filepath.IsAbs(program) {
		return Spec{}, fmt.Errorf("describing the kernel: %q is not an absolute path", program)
	}
	if displayName == "" {
		return Spec{}, fmt.Errorf("describing the kernel: the display name is empty: leave out --display-name to get %q", DefaultDisplayName)
	}
	if env == nil {
		env = map[string]string{}
	}
	return Spec{
		Argv:                  []string{program, "kernel", "-f", connectionFile},
		DisplayName:           displayName,
		Language:              "go",
		InterruptMode:         "message",
		Env:                   env,
		KernelProtocolVersion: "5.4",
	}, nil
}

// JSON is kernel.json as it is written: indented, with a final newline.
func (s Spec) JSON() ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(s); err != nil {
		return nil, fmt.Errorf("writing kernel.json: %w", err)
	}
	return buf.Bytes(), nil
}

// Ours reports whether the spec starts a cuaderno kernel, whatever it is
// called and whichever build it belongs to.
func (s Spec) Ours() bool {
	return len(s.Argv) > 1 &&
		strings.HasPrefix(filepath.Base(s.Argv[0]), "cuaderno") &&
		s.Argv[1] == "kernel" && slices.Contains(s.Argv, connectionFile)
}

var validName = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)

// CheckName refuses names that Jupyter does not accept
// (jupyter_client.kernelspec._is_valid_kernel_name) and the two that are no
// directory of their own.
func CheckName(name string) error {
	if !validName.MatchString(name) || name == "." || name == ".." {
		return fmt.Errorf("kernel name %q: use letters, digits, '.', '_' and '-' only, such as --name go-course", name)
	}
	return nil
}
