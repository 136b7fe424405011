package codec

import (
	"context"
	"io"
	"io/fs"
	"math/big"
	"net"
	"net/netip"
	"net/url"
	"os"
	"reflect"
	"regexp"
	"time"
)

// standardTypes and standardErrors belong to every Domain.
var standardTypes = []reflect.Type{
	reflect.TypeFor[time.Duration](),
	reflect.TypeFor[time.Time](),
	reflect.TypeFor[time.Location](),
	reflect.TypeFor[time.Month](),
	reflect.TypeFor[time.Weekday](),
	reflect.TypeFor[big.Int](),
	reflect.TypeFor[big.Rat](),
	reflect.TypeFor[big.Float](),
	reflect.TypeFor[net.IP](),
	reflect.TypeFor[net.IPMask](),
	reflect.TypeFor[net.IPNet](),
	reflect.TypeFor[netip.Addr](),
	reflect.TypeFor[netip.AddrPort](),
	reflect.TypeFor[netip.Prefix](),
	reflect.TypeFor[regexp.Regexp](),
	reflect.TypeFor[url.URL](),
}

var standardErrors = []NamedError{
	{"io.EOF", io.EOF},
	{"io.ErrUnexpectedEOF", io.ErrUnexpectedEOF},
	{"context.Canceled", context.Canceled},
	{"context.DeadlineExceeded", context.DeadlineExceeded},
	{"fs.ErrNotExist", fs.ErrNotExist},
	{"fs.ErrExist", fs.ErrExist},
	{"fs.ErrPermission", fs.ErrPermission},
	{"fs.ErrClosed", fs.ErrClosed},
	{"fs.ErrInvalid", fs.ErrInvalid},
	{"io.ErrClosedPipe", io.ErrClosedPipe},
	{"os.ErrDeadlineExceeded", os.ErrDeadlineExceeded},
	{"net.ErrClosed", net.ErrClosed},
}
