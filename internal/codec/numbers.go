package codec

// numbers gives things consecutive numbers. Few are searched one by one; more get
// a map.
type numbers[K comparable] struct {
	list  []K
	index map[K]int // of the list, where it is long
}

// fewNumbers is how many are searched one by one.
const fewNumbers = 8

// find returns the number of k.
func (n *numbers[K]) find(k K) (number int, found bool) {
	if n.index != nil {
		number, found = n.index[k]
		return number, found
	}
	for i := range n.list {
		if n.list[i] == k {
			return i, true
		}
	}
	return 0, false
}

// add gives k the next number. If it has one already it stays at that, and the
// next number is used up: variables without size may share an address.
func (n *numbers[K]) add(k K) {
	n.list = append(n.list, k)
	if n.index == nil && len(n.list) > fewNumbers {
		n.index = make(map[K]int, 2*fewNumbers)
		for i, k := range n.list {
			n.enter(k, i)
		}
	} else if n.index != nil {
		n.enter(k, len(n.list)-1)
	}
}

func (n *numbers[K]) enter(k K, i int) {
	if _, found := n.index[k]; !found {
		n.index[k] = i
	}
}

// truncate forgets all numbers from length on.
func (n *numbers[K]) truncate(length int) {
	for i, k := range n.list[length:] {
		if n.index[k] == length+i {
			delete(n.index, k)
		}
	}
	clear(n.list[length:])
	n.list = n.list[:length]
}

// reset forgets all.
func (n *numbers[K]) reset() {
	if n.index != nil {
		*n = numbers[K]{}
		return
	}
	clear(n.list)
	n.list = n.list[:0]
}
