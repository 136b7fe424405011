package wire

import (
	"os"
	"path/filepath"
	"testing"
)

func TestEndpoint(t *testing.T) {
	for want, c := range map[string]Connection{
		"tcp://127.0.0.1:5": {Transport: "tcp", IP: "127.0.0.1"},
		"tcp://[::1]:5":     {Transport: "tcp", IP: "::1"},
		"ipc:///run/k-5":    {Transport: "ipc", IP: "/run/k"},
	} {
		if got := c.Endpoint(5); got != want {
			t.Errorf("%+v is at %s, want %s", c, got, want)
		}
	}
}

func TestReadConnection(t *testing.T) {
	path := filepath.Join(t.TempDir(), "connection.json")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(`{"shell_port":1,"iopub_port":2,"stdin_port":3,"control_port":4,"hb_port":5,"ip":"127.0.0.1",
		"key":"k","transport":"tcp","signature_scheme":"hmac-sha256","kernel_name":"cuaderno","jupyter_session":"x"}`)
	c, err := ReadConnection(path)
	want := Connection{
		Transport: "tcp", IP: "127.0.0.1", ShellPort: 1, IOPubPort: 2, StdinPort: 3, ControlPort: 4, HeartbeatPort: 5,
		SignatureScheme: "hmac-sha256", Key: "k", KernelName: "cuaderno",
	}
	if err != nil || c != want {
		t.Errorf("read %+v, %v", c, err)
	}
	for _, bad := range []string{`{`, `{"transport":"pigeon"}`, `{"ip":""}`, `{"shell_port":70000}`} {
		write(bad)
		if _, err := ReadConnection(path); err == nil {
			t.Errorf("%s was accepted", bad)
		}
	}
	if _, err := ReadConnection(path + ".none"); err == nil {
		t.Error("a file that does not exist was accepted")
	}
}

func TestRegistrationFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "registration.json")
	for text, good := range map[string]bool{
		`{"kernel_id":"k","transport":"tcp","registration_ip":"127.0.0.1","registration_port":51587,"signature_scheme":"hmac-sha256","key":"s"}`: true,
		`{"transport":"tcp","registration_port":1}`:                                              false,
		`{"transport":"ipc","ip":"/run/k","registration_ip":"/run/r","registration_port":1}`:     false,
		`{"transport":"tcp","registration_ip":"127.0.0.1","registration_port":1,"shell_port":5}`: false,
		`{"transport":"tcp","registration_ip":"127.0.0.1","registration_port":70000}`:            false,
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := ReadConnection(path)
		if (err == nil) != good {
			t.Errorf("%s: %v", text, err)
		}
		if good && (!c.Registers() || c.RegistrationEndpoint() != "tcp://127.0.0.1:51587" || c.IP != "127.0.0.1") {
			t.Errorf("read %+v", c)
		}
	}
}
