package scheduler

import (
	"math"
	"time"
)

// A Key orders one thing by instant, then by sequence, then by slot. Keys are
// comparable with ==, which agrees with [Key.Compare]. The zero Key stands for
// the zero [time.Time], sequence 0 and slot 0.
//
// A key is 24 bytes without pointers, so the garbage collector passes over any
// number of them.
type Key struct {
	sec  int64  // since the zero time.Time, as package time itself counts
	nsec uint32 // 0 to 999,999,999
	slot uint32
	seq  uint64
}

// zeroUnix is the zero time in seconds from 1970.
var zeroUnix = time.Time{}.Unix()

// NewKey returns the key of the given instant, sequence and slot. Every
// time.Time is welcome, not only those from 1678 to 2262 that fit into 64 bits
// of nanoseconds. Zone and monotonic clock reading are dropped: keys are made
// of wall time.
func NewKey(at time.Time, seq uint64, slot uint32) Key {
	// Counted from the zero time, seconds order as Time.Compare orders, up to
	// the ends of the range; counted from 1970, they would wrap around there.
	return Key{sec: at.Unix() - zeroUnix, nsec: uint32(at.Nanosecond()), slot: slot, seq: seq}
}

// At returns the instant, in UTC: [time.Time.Equal] to the one that the key was
// made of.
func (k Key) At() time.Time {
	return time.Unix(k.sec+zeroUnix, int64(k.nsec)).UTC()
}

// Sequence returns the sequence.
func (k Key) Sequence() uint64 { return k.seq }

// Slot returns the slot.
func (k Key) Slot() uint32 { return k.slot }

// Compare returns -1 if k comes before o, +1 if it comes after it, and 0 if
// they are the same key. The earlier instant comes first, then the lower
// sequence, then the lower slot.
func (k Key) Compare(o Key) int {
	switch {
	case k.before(o):
		return -1
	case o.before(k):
		return +1
	}
	return 0
}

// before reports whether k comes before o. It is the one place that says what
// the order is.
func (k Key) before(o Key) bool {
	switch {
	case k.sec != o.sec:
		return k.sec < o.sec
	case k.nsec != o.nsec:
		return k.nsec < o.nsec
	case k.seq != o.seq:
		return k.seq < o.seq
	}
	return k.slot < o.slot
}

// DueBy reports whether the key's instant is now or earlier. What ends at that
// instant is in force just before it, and no longer at it.
func (k Key) DueBy(now time.Time) bool {
	return !NewKey(now, math.MaxUint64, math.MaxUint32).before(k)
}
