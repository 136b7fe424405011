package mpruntime

// keptTypes returns a nil *T for each unexported type T that the package's
// generic source mentions. In cells it is an interpreter that runs that source
// and puts values of such a type into interfaces, which the linker does not see:
// listed here, the type keeps its methods. Its name is known to internal/stdgen,
// which checks that none is missing.
func keptTypes() []any {
	return []any{
		(*sharedData)(nil),
	}
}
