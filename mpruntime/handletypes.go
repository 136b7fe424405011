package mpruntime

import (
	"os"
	"reflect"
)

// handleTypes returns the types whose pointers are handles and have a name in
// interfaces.
func handleTypes() []reflect.Type {
	return []reflect.Type{
		reflect.TypeFor[os.File](),
		reflect.TypeFor[Conn](),
		reflect.TypeFor[Queue](),
		reflect.TypeFor[SimpleQueue](),
		reflect.TypeFor[JoinableQueue](),
		reflect.TypeFor[Lock](),
		reflect.TypeFor[RLock](),
		reflect.TypeFor[Semaphore](),
		reflect.TypeFor[BoundedSemaphore](),
		reflect.TypeFor[Condition](),
		reflect.TypeFor[Event](),
		reflect.TypeFor[Barrier](),
		reflect.TypeFor[SharedMemory](),
		reflect.TypeFor[ShareableList](),
		reflect.TypeFor[ProgressBar](),
		reflect.TypeFor[Pool](), // to be refused with its reason
		reflect.TypeFor[Process](),
		reflect.TypeFor[Listener](),
		reflect.TypeFor[Manager](),
		reflect.TypeFor[Proxy](),
		reflect.TypeFor[ListProxy](),
		reflect.TypeFor[DictProxy](),
		reflect.TypeFor[NamespaceProxy](),
		reflect.TypeFor[ValueProxy](),
		reflect.TypeFor[ArrayProxy](),
		reflect.TypeFor[QueueProxy](),
		reflect.TypeFor[LockProxy](),
		reflect.TypeFor[SemaphoreProxy](),
		reflect.TypeFor[ConditionProxy](),
		reflect.TypeFor[EventProxy](),
		reflect.TypeFor[BarrierProxy](),
	}
}
