package install

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
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
	Metadata              Metadata          `json:"metadata"`
}

// Metadata is what front ends look up before they start the kernel.
type Metadata struct {
	// Debugger says whether the kernel speaks the debugger's protocol.
	Debugger bool `json:"debugger"`
}

// protocolVersion is the version of the messaging protocol that the kernel speaks.
// From 5.6 on front ends may expect registration (JEP 66), which this spec does not
// ask for.
const protocolVersion = "5.5"

// NewSpec describes the kernel that the given program serves. Program is an
// absolute path; env is added to the environment of the kernel and options to its
// arguments, both may be nil.
// Interrupts come as messages, because a signal would also reach processes that
// the notebook started.
func NewSpec(program, displayName string, env map[string]string, options ...string) (Spec, error) {
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
		Argv:                  append([]string{program, "kernel", "-f", connectionFile}, options...),
		DisplayName:           displayName,
		Language:              "go",
		InterruptMode:         "message",
		Env:                   env,
		KernelProtocolVersion: protocolVersion,
	}, nil
}

// Options are what the kernel is told beside where to listen: the arguments that
// follow the connection file, and what its environment has for Cuaderno.
func (s Spec) Options() []string {
	var options []string
	if i := slices.Index(s.Argv, connectionFile); i >= 0 {
		options = slices.Clone(s.Argv[i+1:])
	}
	for _, name := range slices.Sorted(maps.Keys(s.Env)) {
		if strings.HasPrefix(name, "CUADERNO_") {
			options = append(options, name+"="+s.Env[name])
		}
	}
	return options
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
