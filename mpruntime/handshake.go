package mpruntime

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"io"
	"net"
	"time"
)

// ErrAuth is returned by Dial and Accept when the other end has another key
// (CPython: AuthenticationError).
var ErrAuth = errors.New("mp: the other end of the connection has another key")

// handshakeLimit is the time that both ends have to authenticate each other.
const handshakeLimit = 10 * time.Second

// silenceLimit is the time that whoever dials has to say something: those that say
// nothing keep others waiting for a place.
const silenceLimit = 2 * time.Second

// magic is what both ends begin with.
const magic = "cuaderno mp 1\n"

const (
	nonceSize = 32
	helloSize = len(magic) + nonceSize
)

// welcome is the handshake of the end that was dialled. Both ends say a random
// number, and then prove that they know the key by a MAC of both numbers and of
// which end they are:
//
//	dialled                        dialling
//	magic, number ───────────────►
//	               ◄─────────────── magic, number, MAC
//	MAC           ───────────────►
//
// What is read has a fixed length, and a limit in time. The key itself never
// travels; what follows the handshake is not encrypted.
func welcome(c net.Conn, key []byte) error {
	return within(c, func() error {
		mine, err := hello(c)
		if err != nil {
			return err
		}
		reply := make([]byte, helloSize+sha256.Size)
		if err := awaitHello(c, reply); err != nil {
			return err
		}
		theirs, proof := reply[len(magic):helloSize], reply[helloSize:]
		if !hmac.Equal(proof, prove(key, "dialling", mine, theirs)) {
			return ErrAuth
		}
		_, err = c.Write(prove(key, "dialled", mine, theirs))
		return err
	})
}

// introduce is the handshake of the end that dials.
func introduce(c net.Conn, key []byte) error {
	return within(c, func() error {
		first := make([]byte, helloSize)
		if err := readHello(c, first); err != nil {
			return err
		}
		theirs := first[len(magic):]
		mine := make([]byte, nonceSize)
		if _, err := rand.Read(mine); err != nil {
			return err
		}
		reply := append([]byte(magic), mine...)
		if _, err := c.Write(append(reply, prove(key, "dialling", theirs, mine)...)); err != nil {
			return err
		}
		proof := make([]byte, sha256.Size)
		if _, err := io.ReadFull(c, proof); err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || isReset(err) {
				return ErrAuth // it has hung up on our proof
			}
			return err
		}
		if !hmac.Equal(proof, prove(key, "dialled", theirs, mine)) {
			return ErrAuth
		}
		return nil
	})
}

// within runs a handshake within its limit.
func within(c net.Conn, handshake func() error) error {
	if err := c.SetDeadline(time.Now().Add(handshakeLimit)); err != nil {
		return errorf("mp: authenticating %s: %w", c.RemoteAddr(), err)
	}
	err := handshake()
	if err == nil {
		err = c.SetDeadline(time.Time{})
	}
	if err != nil {
		return errorf("mp: authenticating %s: %w", c.RemoteAddr(), err)
	}
	return nil
}

// hello sends magic and a random number, and returns the number.
func hello(c net.Conn) ([]byte, error) {
	message := make([]byte, helloSize)
	copy(message, magic)
	if _, err := rand.Read(message[len(magic):]); err != nil {
		return nil, err
	}
	_, err := c.Write(message)
	return message[len(magic):], err
}

// awaitHello is readHello that gives up on those that are silent.
func awaitHello(c net.Conn, b []byte) error {
	end := time.Now().Add(handshakeLimit)
	if err := c.SetReadDeadline(time.Now().Add(silenceLimit)); err != nil {
		return err
	}
	first := make([]byte, 1)
	if _, err := io.ReadFull(c, first); err != nil {
		return err
	}
	if err := c.SetReadDeadline(end); err != nil {
		return err
	}
	return readHello(io.MultiReader(bytes.NewReader(first), c), b)
}

// readHello fills b, which begins with magic.
func readHello(c io.Reader, b []byte) error {
	if _, err := io.ReadFull(c, b[:len(magic)]); err != nil {
		return err
	}
	if string(b[:len(magic)]) != magic {
		return errors.New("it does not speak as mp connections do")
	}
	_, err := io.ReadFull(c, b[len(magic):])
	return err
}

func prove(key []byte, role string, dialled, dialling []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(magic + role))
	mac.Write(dialled)
	mac.Write(dialling)
	return mac.Sum(nil)
}

func isReset(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && !op.Timeout()
}
