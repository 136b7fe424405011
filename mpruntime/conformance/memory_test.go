//go:build unix

package conformance_test

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	mp "cuaderno/mpruntime"
)

// newMemory makes shared memory whose name ends with the test.
func newMemory(t *testing.T, name string, size int) *mp.SharedMemory {
	t.Helper()
	m := mp.NewSharedMemory(name, size)
	ok(t, m.Err())
	t.Cleanup(func() {
		if err := m.Unlink(); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Error(err)
		}
	})
	return m
}

func newList(t *testing.T, items ...any) *mp.ShareableList {
	t.Helper()
	l := mp.NewShareableList(items...)
	ok(t, l.Err())
	t.Cleanup(func() {
		if err := l.Unlink(); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Error(err)
		}
	})
	return l
}

func TestSharedMemory(t *testing.T) {
	conform(t, "_TestSharedMemory.test_shared_memory_basics", func(t *testing.T) {
		m := newMemory(t, "test01_tsmb", 512)
		equal(t, "name", m.Name(), "test01_tsmb")
		if m.Size() < 512 || len(m.Bytes()) < m.Size() || !strings.Contains(m.String(), m.Name()) {
			t.Errorf("%v: %d bytes", m, len(m.Bytes()))
		}
		m.Bytes()[0] = 42
		also := mp.OpenSharedMemory("test01_tsmb")
		ok(t, also.Err())
		equal(t, "size", also.Size(), m.Size())
		equal(t, "the first byte", also.Bytes()[0], 42)
		ok(t, also.Close())
		refused(t, "a size of −2", mp.NewSharedMemory("", -2).Err())
		refused(t, "opening without a name", mp.OpenSharedMemory("").Err())
		is(t, mp.NewSharedMemory("test01_tsmb", 512).Err(), fs.ErrExist)
		is(t, mp.OpenSharedMemory("test01_notthere").Err(), fs.ErrNotExist)
		ok(t, m.Unlink())
		is(t, m.Unlink(), fs.ErrNotExist)
		is(t, mp.OpenSharedMemory("test01_tsmb").Err(), fs.ErrNotExist)
		equal(t, "the first byte, without a name", m.Bytes()[0], 42)
		ok(t, m.Close())
	})
	conform(t, "_TestSharedMemory.test_shared_memory_recreate", func(t *testing.T) {
		a, b := newMemory(t, "", 1), newMemory(t, "", 1)
		if a.Name() == "" || a.Name() == b.Name() {
			t.Errorf("names %q and %q", a.Name(), b.Name())
		}
	})
	conform(t, "_TestSharedMemory.test_invalid_shared_memory_cration", func(t *testing.T) {
		refused(t, "a size of −1", mp.NewSharedMemory("", -1).Err())
		refused(t, "a size of 0", mp.NewSharedMemory("", 0).Err())
	})
	conform(t, "_TestSharedMemory.test_shared_memory_pickle_unpickle", func(t *testing.T) {
		m := newMemory(t, "", 512)
		copy(m.Bytes(), "pickle")
		a, b := mp.NewPipe()
		ok(t, a.Send(m))
		n := receive[*mp.SharedMemory](t, b)
		equal(t, "name", n.Name(), m.Name())
		equal(t, "bytes", string(n.Bytes()[:6]), "pickle")
		copy(m.Bytes(), "newval")
		equal(t, "bytes", string(n.Bytes()[:6]), "newval")
		copy(n.Bytes(), "oldval")
		equal(t, "bytes", string(m.Bytes()[:6]), "oldval")
	})
	conform(t, "_TestSharedMemory.test_shared_memory_across_processes", func(t *testing.T) {
		m := newMemory(t, "", 512)
		ends(t, daemon(t, func(name string) {
			m := mp.OpenSharedMemory(name)
			panicOn(m.Err())
			copy(m.Bytes(), "howdy")
			panicOn(m.Close())
		}, m.Name()))
		equal(t, "bytes", string(m.Bytes()[:5]), "howdy")
		ends(t, daemon(t, func(m *mp.SharedMemory) { copy(m.Bytes(), "HELLO") }, m))
		equal(t, "bytes", string(m.Bytes()[:5]), "HELLO")
	})
	conform(t, "_TestSharedMemory.test_shared_memory_ShareableList_basics", func(t *testing.T) {
		items := []any{"howdy", []byte("HoWdY"), -273.154, 100, nil, true, 42}
		l := newList(t, items...)
		equal(t, "length", l.Len(), 7)
		if !strings.Contains(l.String(), l.Name()) {
			t.Error(l)
		}
		for _, i := range []int{7, -1} {
			panics(t, "an item that there is not", func() { l.At(i) })
			panics(t, "setting an item that there is not", func() { l.Set(i, 2) })
		}
		ok(t, l.Set(0, "howdy"))
		equal(t, "index of what it has not", l.Index("100"), -1)
		equal(t, "index", l.Index(100), 3)
		equal(t, "an item", l.At(0), any("howdy"))
		equal(t, "an item", l.At(5), any(true))
		ok(t, l.Set(3, 42))
		equal(t, "an item", l.At(3), any(42))
		ok(t, l.Set(4, "some")) // of another type
		equal(t, "an item", l.At(4), any("some"))
		refused(t, "a text without room", l.Set(4, "far too many"))
		equal(t, "an item", l.At(4), any("some"))
		ok(t, l.Set(0, "encodés"))
		equal(t, "an item", l.At(0), any("encodés"))
		refused(t, "a text without room", l.Set(0, "encodées"))
		refused(t, "bytes without room", l.Set(1, []byte("123456789")))
		equal(t, "the next item", string(l.At(1).([]byte)), "HoWdY")
		equal(t, "how often", l.Count(42), 2)
		equal(t, "how often", l.Count([]byte("HoWdY")), 1)
		equal(t, "how often", l.Count([]byte("adios")), 0)

		copied := mp.NewNamedShareableList("test03_duplicate", l.Items()...)
		ok(t, copied.Err())
		defer copied.Unlink()
		ok(t, copied.Set(6, 77))
		equal(t, "an item of the original", l.At(6), any(42))
		also := mp.OpenShareableList(l.Name())
		ok(t, also.Err())
		ok(t, also.Set(6, 880))
		equal(t, "an item", l.At(6), any(880))
		ok(t, also.Close())

		empty := newList(t)
		equal(t, "length", empty.Len(), 0)
		equal(t, "how often", empty.Count("any"), 0)
		equal(t, "index", empty.Index(nil), -1)
	})
	conform(t, "_TestSharedMemory.test_shared_memory_ShareableList_pickling", func(t *testing.T) {
		l := newList(t, 0, 1, 2, "text", 4)
		a, b := mp.NewPipe()
		ok(t, a.Send(l))
		also := receive[*mp.ShareableList](t, b)
		equal(t, "the last item", also.At(4), any(4))
		ok(t, also.Set(3, "changed"))
		equal(t, "an item", l.At(3), any("changed"))
		ok(t, l.Set(2, 2.5))
		equal(t, "an item", also.At(2), any(2.5))
	})
	conform(t, "_TestSharedMemory.test_shared_memory_cleaned_after_process_termination", func(t *testing.T) {
		onLinux(t)
		killedProgram(t)
	})
}

// sharedFiles lists what would be left over by shared memory and semaphores.
func sharedFiles(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir("/dev/shm")
	ok(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return slices.Sorted(slices.Values(names))
}
