package wire

import (
	"bytes"
	"crypto/hmac"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
)

// A Registration is what a kernel that chooses its ports tells the one who started
// it (JEP 66; messaging spec, "Kernel startup handshake"). Ports are decimal.
type Registration struct {
	KernelID      string `json:"kernel_id"`
	ControlPort   string `json:"control_port"`
	ShellPort     string `json:"shell_port"`
	StdinPort     string `json:"stdin_port"`
	IOPubPort     string `json:"iopub_port"`
	HeartbeatPort string `json:"hb_port"`
}

// Registers reports whether c is a registration file, which asks for the handshake.
func (c Connection) Registers() bool { return c.RegistrationPort != 0 }

// Registration is what is registered of a kernel whose ports are those of c.
func (c Connection) Registration() Registration {
	return Registration{
		KernelID:      c.KernelID,
		ControlPort:   strconv.Itoa(c.ControlPort),
		ShellPort:     strconv.Itoa(c.ShellPort),
		StdinPort:     strconv.Itoa(c.StdinPort),
		IOPubPort:     strconv.Itoa(c.IOPubPort),
		HeartbeatPort: strconv.Itoa(c.HeartbeatPort),
	}
}

// RegistrationEndpoint is the ZeroMQ address of who waits for the registration.
func (c Connection) RegistrationEndpoint() string {
	c.IP = c.RegistrationIP
	return c.Endpoint(c.RegistrationPort)
}

// EncodeRegistration returns the frames of a registration. It is no message of the
// protocol: only its content is there, and signed.
func (c *Codec) EncodeRegistration(r Registration) ([][]byte, error) {
	content, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encoding the registration: %w", err)
	}
	return [][]byte{delimiter, c.sign(content), content}, nil
}

// CheckAcknowledgement checks the answer to a registration, whose content may be
// anything: the error wraps ErrMalformed or ErrSignature.
func (c *Codec) CheckAcknowledgement(frames [][]byte) error {
	for i, frame := range frames {
		if !bytes.Equal(frame, delimiter) {
			continue
		}
		if len(frames)-i != 3 {
			break
		}
		if !hmac.Equal(frames[i+1], c.sign(frames[i+2])) {
			return ErrSignature
		}
		return nil
	}
	return fmt.Errorf("%w: an acknowledgement is a delimiter, a signature and a content", ErrMalformed)
}

// sign returns the signature of one frame, empty without a key.
func (c *Codec) sign(content []byte) []byte {
	if len(c.key) == 0 {
		return []byte{}
	}
	return hex.AppendEncode(nil, c.digest([4][]byte{content}))
}
