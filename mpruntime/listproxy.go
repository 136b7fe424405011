package mpruntime

import (
	"cmp"
	"fmt"
	"math"
	"reflect"
	"slices"
	"sync"
)

// A ListProxy stands for a list in a manager (CPython: list). Indices count from 0.
type ListProxy struct{ remote }

// List makes a list.
func (m *Manager) List(items ...any) *ListProxy { return &ListProxy{m.make("list", items...)} }

// Append adds an item at the end.
func (l *ListProxy) Append(v any) error { return l.do("Insert", math.MaxInt, []any{v}) }

// Extend adds items at the end.
func (l *ListProxy) Extend(vs ...any) error { return l.do("Insert", math.MaxInt, vs) }

// Insert adds an item before the i-th, or at the end if there is none.
func (l *ListProxy) Insert(i int, v any) error { return l.do("Insert", i, []any{v}) }

// At returns the i-th item. It fails the cell if there is none.
func (l *ListProxy) At(i int) any { return l.see("At", i) }

// Set replaces the i-th item.
func (l *ListProxy) Set(i int, v any) error { return l.do("Set", i, v) }

// Len returns the number of items.
func (l *ListProxy) Len() int { return l.seeInt("Len") }

// Slice returns a copy of all items.
func (l *ListProxy) Slice() []any { return l.seeList("Slice") }

// Pop removes the i-th item, by default the last, and returns it.
func (l *ListProxy) Pop(i ...int) (any, error) {
	at := -1
	if len(i) > 0 {
		at = i[0]
	}
	return l.get("Pop", at)
}

// Remove removes the first item that is equal to v.
func (l *ListProxy) Remove(v any) error { return l.do("Remove", v) }

// Index returns where the first item that is equal to v is, −1 if there is none.
func (l *ListProxy) Index(v any) int { return l.seeInt("Index", v) }

// Count returns how many items are equal to v.
func (l *ListProxy) Count(v any) int { return l.seeInt("Count", v) }

// Reverse reverses the order.
func (l *ListProxy) Reverse() error { return l.do("Reverse") }

// Sort sorts numbers or strings.
func (l *ListProxy) Sort() error { return l.do("Sort") }

// Clear removes all items.
func (l *ListProxy) Clear() error { return l.do("Clear") }

// String shows the items as fmt does, but shortly those that are proxies, of
// which the list may be one.
func (l *ListProxy) String() string { return l.text("Slice", plainText) }

// An ArrayProxy stands for a list of fixed length in a manager (CPython:
// Manager.Array).
type ArrayProxy struct{ remote }

// Array makes an array.
func (m *Manager) Array(items ...any) *ArrayProxy { return &ArrayProxy{m.make("array", items...)} }

// At returns the i-th item. It fails the cell if there is none.
func (a *ArrayProxy) At(i int) any { return a.see("At", i) }

// Set replaces the i-th item.
func (a *ArrayProxy) Set(i int, v any) error { return a.do("Set", i, v) }

// Len returns the number of items.
func (a *ArrayProxy) Len() int { return a.seeInt("Len") }

// Slice returns a copy of all items.
func (a *ArrayProxy) Slice() []any { return a.seeList("Slice") }

// String shows the items; see [ListProxy.String].
func (a *ArrayProxy) String() string { return a.text("Slice", plainText) }

// A ValueProxy stands for a variable in a manager (CPython: Manager.Value).
type ValueProxy struct{ remote }

// Value makes a variable.
func (m *Manager) Value(v any) *ValueProxy { return &ValueProxy{m.make("value", v)} }

// Get returns the value.
func (v *ValueProxy) Get() any { return v.see("At", 0) }

// Set sets the value. A Set after a Get is not one step: others may come between.
func (v *ValueProxy) Set(x any) error { return v.do("Set", 0, x) }

// String shows the value; see [ListProxy.String].
func (v *ValueProxy) String() string { return v.text("At", plainText, 0) }

// A managedList is a list in the server.
type managedList struct {
	mu    sync.Mutex
	items []any
}

// check returns an error like that of a slice.
func (l *managedList) check(i int) error {
	if i < 0 || i >= len(l.items) {
		return fmt.Errorf("mp: index out of range [%d] with length %d", i, len(l.items))
	}
	return nil
}

func (l *managedList) Insert(i int, vs []any) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i < 0 {
		return l.check(i)
	}
	l.items = slices.Insert(l.items, min(i, len(l.items)), vs...)
	return nil
}

func (l *managedList) At(i int) (any, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.check(i); err != nil {
		return nil, err
	}
	return l.items[i], nil
}

func (l *managedList) Set(i int, v any) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.check(i); err != nil {
		return err
	}
	l.items[i] = v
	return nil
}

func (l *managedList) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.items)
}

func (l *managedList) Slice() []any {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]any{}, l.items...)
}

func (l *managedList) Pop(i int) (any, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i < 0 {
		i += len(l.items)
	}
	if err := l.check(i); err != nil {
		return nil, err
	}
	v := l.items[i]
	l.items = slices.Delete(l.items, i, i+1)
	return v, nil
}

func (l *managedList) Remove(v any) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := l.index(v)
	if i < 0 {
		return fmt.Errorf("mp: %v is not in the list", v)
	}
	l.items = slices.Delete(l.items, i, i+1)
	return nil
}

func (l *managedList) index(v any) int {
	return slices.IndexFunc(l.items, func(x any) bool { return equal(x, v) })
}

func (l *managedList) Index(v any) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.index(v)
}

func (l *managedList) Count(v any) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, x := range l.items {
		if equal(x, v) {
			n++
		}
	}
	return n
}

func (l *managedList) Reverse() {
	l.mu.Lock()
	defer l.mu.Unlock()
	slices.Reverse(l.items)
}

func (l *managedList) Clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.items = nil
}

func (l *managedList) Sort() (err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, x := range l.items {
		if err == nil {
			_, err = compare(x, x)
		}
	}
	if err == nil && len(l.items) > 0 {
		for _, x := range l.items[1:] {
			if _, failed := compare(l.items[0], x); failed != nil {
				return failed
			}
		}
		slices.SortStableFunc(l.items, func(a, b any) int {
			order, _ := compare(a, b) // all are of one kind
			return order
		})
	}
	return err
}

// compare orders two strings or two numbers.
func compare(a, b any) (int, error) {
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	switch {
	case x.IsValid() && y.IsValid() && x.Kind() == reflect.String && y.Kind() == reflect.String:
		return cmp.Compare(x.String(), y.String()), nil
	case x.IsValid() && y.IsValid() && x.CanInt() && y.CanInt():
		return cmp.Compare(x.Int(), y.Int()), nil
	case x.IsValid() && y.IsValid() && isNumber(x.Kind()) && isNumber(y.Kind()):
		f := reflect.TypeFor[float64]()
		return cmp.Compare(x.Convert(f).Float(), y.Convert(f).Float()), nil
	}
	return 0, fmt.Errorf("mp: %s and %s have no order: only numbers, or only strings, are sorted", typeName(a), typeName(b))
}
