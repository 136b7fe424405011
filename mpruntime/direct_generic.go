package mpruntime

// direct calls f for each of items, if it is a func(T) R, without the cost that
// package reflect has for each call.
func direct[T, R any](f, items any, at *int) (results any, ok bool) {
	call, ok := f.(func(T) R)
	if !ok {
		return nil, false
	}
	return inChunks(call)(items.([]T), at), true
}

// directly is direct for the types that functions of one number or text have most
// often.
func directly(f, items any, at *int) (results any, ok bool) {
	switch items.(type) {
	case []int:
		return directlyFrom[int](f, items, at)
	case []float64:
		return directlyFrom[float64](f, items, at)
	case []string:
		return directlyFrom[string](f, items, at)
	}
	return nil, false
}

func directlyFrom[T any](f, items any, at *int) (results any, ok bool) {
	if results, ok = direct[T, int](f, items, at); ok {
		return results, ok
	}
	if results, ok = direct[T, float64](f, items, at); ok {
		return results, ok
	}
	if results, ok = direct[T, string](f, items, at); ok {
		return results, ok
	}
	return direct[T, bool](f, items, at)
}
