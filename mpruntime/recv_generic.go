package mpruntime

// Recv receives a message of type T; one of another type is lost. See [Conn.RecvInto].
func Recv[T any](c *Conn) (T, error) {
	var v T
	err := c.RecvInto(&v)
	return v, err
}

// Get takes an item of type T out of a queue of any kind; one of another type is
// lost. See [Conn.RecvInto].
func Get[T any](q interface{ GetInto(to any) error }) (T, error) {
	var v T
	err := q.GetInto(&v)
	return v, err
}
