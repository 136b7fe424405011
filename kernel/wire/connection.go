package wire

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"strconv"
)

// A Connection is the content of a connection file or a registration file
// (jupyter_client docs/kernels.rst, "Connection files").
type Connection struct {
	Transport       string `json:"transport"` // "tcp" or "ipc"
	IP              string `json:"ip"`        // an address, or a path prefix with ipc
	ShellPort       int    `json:"shell_port"`
	ControlPort     int    `json:"control_port"`
	StdinPort       int    `json:"stdin_port"`
	IOPubPort       int    `json:"iopub_port"`
	HeartbeatPort   int    `json:"hb_port"`
	SignatureScheme string `json:"signature_scheme"`
	Key             string `json:"key"`
	KernelName      string `json:"kernel_name,omitempty"`

	// A registration file has these in place of the ports, which the kernel
	// chooses (docs/kernels.rst, "Registration file format").
	KernelID         string `json:"kernel_id,omitempty"`
	RegistrationIP   string `json:"registration_ip,omitempty"`
	RegistrationPort int    `json:"registration_port,omitempty"`
}

// ReadConnection reads a connection file.
func ReadConnection(path string) (Connection, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return Connection{}, fmt.Errorf("reading connection file: %w", err)
	}
	c := Connection{Transport: "tcp", IP: "127.0.0.1", SignatureScheme: SignatureScheme}
	if err := json.Unmarshal(raw, &c); err != nil {
		return Connection{}, fmt.Errorf("reading connection file %s: %w", path, err)
	}
	return c, c.Validate()
}

// Validate reports what a kernel cannot use in c.
func (c Connection) Validate() error {
	switch c.Transport {
	case "tcp", "ipc":
	default:
		return fmt.Errorf("connection file: unknown transport %q, want tcp or ipc", c.Transport)
	}
	if c.IP == "" {
		return fmt.Errorf("connection file: no ip")
	}
	for _, port := range []int{c.ShellPort, c.ControlPort, c.StdinPort, c.IOPubPort, c.HeartbeatPort, c.RegistrationPort} {
		if port < 0 || port > 65535 {
			return fmt.Errorf("connection file: port %d out of range", port)
		}
	}
	if c.Registers() {
		return c.validateRegistration()
	}
	return nil
}

// validateRegistration reports what a kernel cannot use in a registration file.
func (c Connection) validateRegistration() error {
	switch {
	case c.Transport != "tcp":
		return fmt.Errorf("registration file: the transport is %q; a kernel that chooses its ports needs tcp", c.Transport)
	case c.RegistrationIP == "":
		return fmt.Errorf("registration file: no registration_ip")
	case c.ShellPort+c.ControlPort+c.StdinPort+c.IOPubPort+c.HeartbeatPort != 0:
		return fmt.Errorf("registration file: it has ports of the kernel beside registration_port; remove either")
	}
	return nil
}

// Endpoint returns the ZeroMQ address of a port: tcp://ip:port or
// ipc://ip-port.
func (c Connection) Endpoint(port int) string {
	if c.Transport == "ipc" {
		return "ipc://" + c.IP + "-" + strconv.Itoa(port)
	}
	return "tcp://" + net.JoinHostPort(c.IP, strconv.Itoa(port))
}
