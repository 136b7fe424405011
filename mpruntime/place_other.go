//go:build !linux

package mpruntime

import "os"

// takePlace counts the children of this process, those of others not.
func takePlace(host Host) (*os.File, error) {
	command, err := host.Command()
	if err != nil || command.Processes == 0 {
		return nil, err
	}
	here.mu.Lock()
	defer here.mu.Unlock()
	if len(here.children) >= command.Processes {
		return nil, tooManyProcesses(command.Processes)
	}
	return nil, nil
}
