package frame

import (
	"runtime"
	"runtime/debug"
	"strings"
)

// unstamped stands for the version in a build that carries none: a test
// binary, or a build without version control.
const unstamped = "devel"

// stamp may be set by the linker to tell apart builds that the go command
// stamps alike, such as two builds of one uncommitted tree:
//
//	go build -ldflags "-X cuaderno/internal/frame.stamp=…"
var stamp string

// BuildID names the build of the running program: the Go release, the platform
// and the version that the go command stamps into a binary (a module version,
// or a pseudo-version with commit and "+dirty"). Programs built together have
// equal ids. A binary that carries no version, as test binaries do, has the
// version "devel", and [Conn.Greet] accepts it beside any version of the same Go
// release and platform, so that a test can drive the real programs.
func BuildID() string {
	version := stamp
	if info, ok := debug.ReadBuildInfo(); ok && version == "" && info.Main.Version != "(devel)" {
		version = info.Main.Version
	}
	if version == "" {
		version = unstamped
	}
	return strings.Join([]string{runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH, version}, " ")
}

// sameBuild reports whether two build ids may work together.
func sameBuild(a, b string) bool {
	if a == b {
		return true
	}
	aBase, aUnstamped := strings.CutSuffix(a, " "+unstamped)
	bBase, bUnstamped := strings.CutSuffix(b, " "+unstamped)
	switch {
	case aUnstamped:
		return strings.HasPrefix(b, aBase+" ")
	case bUnstamped:
		return strings.HasPrefix(a, bBase+" ")
	}
	return false
}
