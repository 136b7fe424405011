package mpruntime

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"cuaderno/internal/rights"
)

// segments gives the shared memory of a tree of processes its names. They are in
// MainProcess alone, which holds each named memory open until it is unlinked; other
// processes ask it over a socket. So names and memory last until MainProcess ends,
// of whatever cause, and leave nothing behind: the socket's name is no file on
// Linux.
//
// A request is one message: the key of the tree, the operation, the name; a new
// memory comes along as a descriptor. So does the answer to it: a byte of the
// outcome and the memory asked for. One connection, one request.
type segments struct {
	mu      sync.Mutex
	address segmentsAddress // in MainProcess set with the listener, in others from the start
	files   map[string]*os.File
	server  *net.UnixListener
	serving sync.WaitGroup
	callers map[*net.UnixConn]bool // connections that are being answered
}

// segmentsAddress is where MainProcess answers.
type segmentsAddress struct {
	Socket string `json:"socket"`
	Key    string `json:"key"` // known to the processes of the tree only
}

// Operations on a name.
const (
	segmentCreate byte = iota + 1
	segmentOpen
	segmentUnlink
)

// Outcomes of an operation.
const (
	segmentDone byte = iota + 1
	segmentExists
	segmentMissing
	segmentRefused
)

const (
	segmentKeySize = 16
	maxSegmentName = 255
	// segmentPatience bounds what MainProcess and a process that asks it wait for
	// each other.
	segmentPatience = 10 * time.Second
	// maxSegmentCallers is how many MainProcess answers at once; the others wait.
	maxSegmentCallers = 64
)

// reach returns the address for a process to be started, from which on MainProcess
// answers. Without one, names end at the process that made them.
func (s *segments) reach() segmentsAddress {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.address == (segmentsAddress{}) {
		s.listen()
	}
	return s.address
}

// join makes s that of a process to which others gave the address.
func (s *segments) join(a segmentsAddress) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.address = a
}

func (s *segments) listen() {
	random := make([]byte, segmentKeySize+8)
	rand.Read(random) // never fails
	socket := "@cuaderno-" + hex.EncodeToString(random[segmentKeySize:])
	if runtime.GOOS != "linux" {
		socket = filepath.Join(os.TempDir(), socket[1:])
	}
	server, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket, Net: "unix"})
	if err != nil {
		return // who asks for a name meets the error
	}
	s.server = server
	s.address = segmentsAddress{socket, hex.EncodeToString(random[:segmentKeySize])}
	s.callers = map[*net.UnixConn]bool{}
	s.serving.Go(func() {
		places := make(chan struct{}, maxSegmentCallers)
		for {
			conn, err := server.AcceptUnix()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err != nil {
				time.Sleep(10 * time.Millisecond) // too many descriptors are open
				continue
			}
			if !sameUser(conn) || !s.take(conn) {
				conn.Close()
				continue
			}
			places <- struct{}{}
			s.serving.Go(func() {
				s.answer(conn)
				s.mu.Lock()
				delete(s.callers, conn)
				s.mu.Unlock()
				<-places
			})
		}
	})
}

// take notes a connection, which close closes. It is false after close.
func (s *segments) take(conn *net.UnixConn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.callers == nil {
		return false
	}
	s.callers[conn] = true
	return true
}

// close forgets all names and hangs up on who asks for one.
func (s *segments) close() {
	s.mu.Lock()
	server := s.server
	for _, f := range s.files {
		f.Close()
	}
	s.files = nil
	for conn := range s.callers {
		conn.Close()
	}
	s.callers = nil
	s.mu.Unlock()
	if server != nil {
		server.Close()
		s.serving.Wait()
	}
}

// do performs an operation here or, if others have the names, asks them. f is the
// memory to be named; the result the one asked for, the caller's to close.
func (s *segments) do(op byte, name string, f *os.File) (*os.File, error) {
	s.mu.Lock()
	address, ours := s.address, s.server != nil || s.address == (segmentsAddress{})
	s.mu.Unlock()
	outcome, found, err := byte(0), (*os.File)(nil), error(nil)
	if ours {
		outcome, found, err = s.perform(op, name, f)
	} else {
		outcome, found, err = address.ask(op, name, f)
	}
	if err != nil {
		return nil, err
	}
	switch outcome {
	case segmentDone:
		return found, nil
	case segmentExists:
		return nil, fs.ErrExist
	case segmentMissing:
		return nil, fs.ErrNotExist
	}
	return nil, errors.New("MainProcess has refused")
}

// perform performs an operation on the table. The table and the caller keep
// descriptors of their own.
func (s *segments) perform(op byte, name string, f *os.File) (outcome byte, found *os.File, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	held, ok := s.files[name]
	switch {
	case op == segmentCreate && f == nil:
		return segmentRefused, nil, nil
	case op == segmentCreate && ok:
		return segmentExists, nil, nil
	case op == segmentCreate:
		kept, err := rights.Duplicate(f)
		if err != nil {
			return 0, nil, err
		}
		if s.files == nil {
			s.files = map[string]*os.File{}
		}
		s.files[name] = kept
		return segmentDone, nil, nil
	case !ok:
		return segmentMissing, nil, nil
	case op == segmentOpen:
		found, err = rights.Duplicate(held)
		return segmentDone, found, err
	case op == segmentUnlink:
		delete(s.files, name)
		held.Close()
		return segmentDone, nil, nil
	}
	return segmentRefused, nil, nil
}

// answer serves one request. Who does not know the key gets no answer.
func (s *segments) answer(conn *net.UnixConn) {
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(segmentPatience)) // a socket has deadlines
	request := make([]byte, segmentKeySize+1+maxSegmentName+1)
	n, files, err := rights.Read(conn, request)
	defer func() {
		for _, f := range files {
			f.Close()
		}
	}()
	s.mu.Lock()
	key, keyErr := hex.DecodeString(s.address.Key)
	s.mu.Unlock()
	if err != nil || keyErr != nil || n <= segmentKeySize+1 || n == len(request) ||
		subtle.ConstantTimeCompare(key, request[:segmentKeySize]) != 1 {
		return
	}
	var f *os.File
	if len(files) == 1 {
		f = files[0]
	}
	outcome, found, err := s.perform(request[segmentKeySize], string(request[segmentKeySize+1:n]), f)
	if err != nil {
		outcome = segmentRefused
	}
	if found == nil {
		_, _ = conn.Write([]byte{outcome}) // who asked may be gone
		return
	}
	defer found.Close()
	_, _ = rights.Write(conn, []byte{outcome}, []*os.File{found})
}

// ask sends a request to MainProcess.
func (a segmentsAddress) ask(op byte, name string, f *os.File) (outcome byte, found *os.File, err error) {
	conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: a.Socket, Net: "unix"})
	if err != nil {
		return 0, nil, errorf("asking MainProcess: %w", err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(segmentPatience)) // a socket has deadlines
	key, err := hex.DecodeString(a.Key)
	if err != nil {
		return 0, nil, errorf("asking MainProcess: %w", err)
	}
	request := append(append(key, op), name...)
	if f == nil {
		_, err = conn.Write(request)
	} else {
		_, err = rights.Write(conn, request, []*os.File{f})
	}
	if err != nil {
		return 0, nil, errorf("asking MainProcess: %w", err)
	}
	reply := make([]byte, 1)
	_, files, err := rights.Read(conn, reply)
	if err != nil {
		return 0, nil, errorf("asking MainProcess: %w", err)
	}
	for i, f := range files {
		if i > 0 {
			f.Close()
			continue
		}
		found = f
	}
	if reply[0] == segmentDone && op == segmentOpen && found == nil {
		return 0, nil, errors.New("asking MainProcess: the memory did not arrive: too many files may be open")
	}
	return reply[0], found, nil
}

// checkSegmentName returns a name without its leading slash, which POSIX wants and
// CPython strips.
func checkSegmentName(name string) (string, error) {
	name = strings.TrimPrefix(name, "/")
	if name == "" || len(name) > maxSegmentName || strings.ContainsAny(name, "/\x00") {
		return "", fmt.Errorf("%q is no name for shared memory", name)
	}
	return name, nil
}
