package codec

import (
	"encoding/binary"
	"time"
)

// How a time zone travels.
const (
	zoneUTC   = iota
	zoneLocal // that of the receiver
	zoneFixed // a name and the seconds east of Greenwich
	zoneNamed // a name in the time zone database, then what there is of a fixed one
)

// maxUnknownZones bounds the searches for time zones that the receiver does not
// know, which are made in the file system.
const maxUnknownZones = 8

// zone appends a time zone.
func (e *Encoder) zone(l *time.Location) {
	switch l {
	case time.UTC:
		e.out = append(e.out, zoneUTC)
		return
	case time.Local:
		e.out = append(e.out, zoneLocal)
		return
	}
	winter, east := time.Date(2024, 1, 1, 0, 0, 0, 0, l).Zone()
	summer, east2 := time.Date(2024, 7, 1, 0, 0, 0, 0, l).Zone()
	if name := l.String(); winter != name || summer != name || east != east2 {
		e.out = append(e.out, zoneNamed)
		e.text(name)
	} else {
		e.out = append(e.out, zoneFixed)
	}
	e.text(winter)
	e.out = binary.AppendVarint(e.out, int64(east))
}

// zone reads a time zone. One that this system does not know is a fixed one.
func (d *Decoder) zone() (*time.Location, error) {
	kind, err := d.byte()
	if err != nil {
		return nil, err
	}
	var name string
	switch kind {
	case zoneUTC:
		return time.UTC, nil
	case zoneLocal:
		return time.Local, nil
	case zoneNamed:
		if name, err = d.text(); err != nil {
			return nil, err
		}
	case zoneFixed:
	default:
		return nil, errCorrupt
	}
	fixed, err := d.text()
	if err != nil {
		return nil, err
	}
	east, err := d.varint()
	if err != nil || east != int64(int32(east)) {
		return nil, errCorrupt
	}
	if kind == zoneNamed && d.unknown < maxUnknownZones {
		if l := d.domain.location(name); l != nil {
			return l, nil
		}
		d.unknown++
	}
	return time.FixedZone(fixed, int(east)), nil
}

// time appends an instant and its zone. A monotonic clock reading is left behind.
func (e *Encoder) time(t time.Time) {
	e.out = binary.AppendVarint(e.out, t.Unix())
	e.uvarint(uint64(t.Nanosecond()))
	e.zone(t.Location())
}

func (d *Decoder) time() (time.Time, error) {
	seconds, err := d.varint()
	if err != nil {
		return time.Time{}, err
	}
	ns, err := d.uvarint()
	if err != nil || ns > 999_999_999 {
		return time.Time{}, errCorrupt
	}
	l, err := d.zone()
	if err != nil {
		return time.Time{}, err
	}
	return time.Unix(seconds, int64(ns)).In(l), nil
}
