package mpruntime

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"sync"
)

// A DictProxy stands for a map in a manager (CPython: dict). It keeps the order in
// which keys were first set. Keys are of any type that a map may have.
type DictProxy struct{ remote }

// Dict makes a map.
func (m *Manager) Dict() *DictProxy { return &DictProxy{m.make("dict")} }

// Get returns what is at a key; ok is false if nothing is.
func (d *DictProxy) Get(key any) (v any, ok bool) {
	results, err := d.call(context.Background(), "Get", key)
	if err != nil {
		fail(err)
		return nil, false
	}
	ok, _ = results[1].(bool)
	return results[0], ok
}

// Set puts a value at a key.
func (d *DictProxy) Set(key, v any) error { return d.do("Set", key, v) }

// SetDefault puts a value at a key where nothing is yet, and returns what is there.
func (d *DictProxy) SetDefault(key, v any) (any, error) { return d.get("SetDefault", key, v) }

// Delete removes a key; it is an error if it is not there.
func (d *DictProxy) Delete(key any) error {
	_, err := d.get("Pop", key)
	return err
}

// Pop removes a key and returns what was there; it is an error if nothing was.
func (d *DictProxy) Pop(key any) (any, error) { return d.get("Pop", key) }

// Has reports whether a key is there.
func (d *DictProxy) Has(key any) bool {
	_, ok := d.Get(key)
	return ok
}

// Len returns the number of keys.
func (d *DictProxy) Len() int { return d.seeInt("Len") }

// Keys returns the keys.
func (d *DictProxy) Keys() []any { return d.seeList("Keys") }

// Values returns the values, in the order of the keys.
func (d *DictProxy) Values() []any { return d.seeList("Values") }

// Items returns the pairs of keys and values.
func (d *DictProxy) Items() [][2]any {
	items, _ := d.see("Items").([][2]any)
	return items
}

// Update puts all entries of a map.
func (d *DictProxy) Update(entries any) error {
	m := reflect.ValueOf(entries)
	if m.Kind() != reflect.Map {
		return fmt.Errorf("mp: a dict is updated from a map, not from %s", typeName(entries))
	}
	items := make([][2]any, 0, m.Len())
	for iter := m.MapRange(); iter.Next(); {
		items = append(items, [2]any{iter.Key().Interface(), iter.Value().Interface()})
	}
	return d.do("Update", items)
}

// Clear removes all keys.
func (d *DictProxy) Clear() error { return d.do("Clear") }

// String shows the entries in their order; see [ListProxy.String].
func (d *DictProxy) String() string { return d.text("Items", pairsText("map[", "%v:%v", " ", "]")) }

// A NamespaceProxy stands for a set of named values in a manager (CPython:
// Namespace).
type NamespaceProxy struct{ remote }

// Namespace makes a namespace.
func (m *Manager) Namespace() *NamespaceProxy { return &NamespaceProxy{m.make("namespace")} }

// Get returns the value of a name. It fails the cell if there is none.
func (n *NamespaceProxy) Get(name string) any {
	results, err := n.call(context.Background(), "Get", name)
	if err == nil && results[1] != true {
		err = fmt.Errorf("mp: the namespace has no %s", name)
	}
	if err != nil {
		fail(err)
		return nil
	}
	return results[0]
}

// Set sets the value of a name.
func (n *NamespaceProxy) Set(name string, v any) error { return n.do("Set", name, v) }

// Delete removes a name; it is an error if it is not there.
func (n *NamespaceProxy) Delete(name string) error {
	_, err := n.get("Pop", name)
	return err
}

// Names returns the names in the order in which they were first set.
func (n *NamespaceProxy) Names() []string {
	var names []string
	for _, key := range n.seeList("Keys") {
		name, _ := key.(string)
		names = append(names, name)
	}
	return names
}

// String shows names and values as CPython does; see [ListProxy.String].
func (n *NamespaceProxy) String() string {
	return n.text("Items", pairsText("Namespace(", "%v=%v", ", ", ")"))
}

// A managedDict is a map in the server.
type managedDict struct {
	mu     sync.Mutex
	values map[any]any
	keys   []any
}

func newManagedDict() *managedDict { return &managedDict{values: map[any]any{}} }

// checkKey refuses what a map would panic about.
func checkKey(key any) error {
	if key != nil && !reflect.ValueOf(key).Comparable() {
		return fmt.Errorf("mp: %s is no key type of a map", typeName(key))
	}
	return nil
}

func (d *managedDict) Get(key any) (any, bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := checkKey(key); err != nil {
		return nil, false, err
	}
	v, ok := d.values[key]
	return v, ok, nil
}

func (d *managedDict) set(key, v any) {
	if _, there := d.values[key]; !there {
		d.keys = append(d.keys, key)
	}
	d.values[key] = v
}

func (d *managedDict) Set(key, v any) error { return d.Update([][2]any{{key, v}}) }

func (d *managedDict) Update(items [][2]any) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, item := range items {
		if err := checkKey(item[0]); err != nil {
			return err
		}
	}
	for _, item := range items {
		d.set(item[0], item[1])
	}
	return nil
}

func (d *managedDict) SetDefault(key, v any) (any, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := checkKey(key); err != nil {
		return nil, err
	}
	if old, there := d.values[key]; there {
		return old, nil
	}
	d.set(key, v)
	return v, nil
}

func (d *managedDict) Pop(key any) (any, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := checkKey(key); err != nil {
		return nil, err
	}
	v, there := d.values[key]
	if !there {
		return nil, fmt.Errorf("mp: the key %v is not there", key)
	}
	delete(d.values, key)
	d.keys = slices.DeleteFunc(d.keys, func(k any) bool { return k == key })
	return v, nil
}

func (d *managedDict) Len() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.keys)
}

func (d *managedDict) Keys() []any {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]any{}, d.keys...)
}

func (d *managedDict) Values() []any {
	d.mu.Lock()
	defer d.mu.Unlock()
	list := make([]any, len(d.keys))
	for i, key := range d.keys {
		list[i] = d.values[key]
	}
	return list
}

func (d *managedDict) Items() [][2]any {
	d.mu.Lock()
	defer d.mu.Unlock()
	list := make([][2]any, len(d.keys))
	for i, key := range d.keys {
		list[i] = [2]any{key, d.values[key]}
	}
	return list
}

func (d *managedDict) Clear() {
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.values)
	d.keys = nil
}
