package mpruntime

import (
	"errors"
	"reflect"

	"cuaderno/internal/codec"
	"cuaderno/internal/frame"
)

// encodeResults makes messages of the results of a chunk, a slice: one, or several
// where that would be too large. at is set to the item whose result alone is.
func encodeResults(results reflect.Value, at *int) ([]codec.Message, error) {
	return appendResults(nil, results, 0, at)
}

// appendResults adds to list the messages of results, of which item is the first.
func appendResults(list []codec.Message, results reflect.Value, item int, at *int) ([]codec.Message, error) {
	m, err := codec.Encode(results, "what the task returned", here.domain())
	if err == nil {
		if err = checkSize(m); err == nil {
			return append(list, m), nil
		}
		m.Close()
	}
	n := results.Len()
	if errors.Is(err, frame.ErrTooLong) && n > 1 {
		if list, err = appendResults(list, results.Slice(0, n/2), item, at); err != nil {
			return nil, err
		}
		return appendResults(list, results.Slice(n/2, n), item+n/2, at)
	}
	if n == 1 {
		*at = item
	}
	closeMessages(list)
	return nil, err
}

func closeMessages(list []codec.Message) {
	for _, m := range list {
		m.Close()
	}
}

// sendResults answers for a chunk with what encodeResults has made.
func (s *poolServer) sendResults(list []codec.Message, job, number uint64) error {
	for i, m := range list {
		kind := kindPart
		if i == len(list)-1 {
			kind = kindResult
		}
		if err := sendTo(s.conn, kind, m, job, number); err != nil {
			return err
		}
	}
	return nil
}

// sendFailure sends the error of a task, or at least its text, or at least that
// there is one. at is the item in its chunk.
func (s *poolServer) sendFailure(kind byte, failure error, at int, job, number uint64) error {
	m, err := encodeFailure(failure, at)
	if err == nil {
		err = checkSize(m)
	}
	if err != nil {
		m.Close()
		if m, err = encodeFailure(err, at); err != nil {
			return err
		}
	}
	defer m.Close()
	return sendTo(s.conn, kind, m, job, number)
}
