package scheduler

import (
	"cmp"
	"math"
	"testing"
	"time"
	"unsafe"

	"pgregory.net/rapid"
)

func TestKeySize(t *testing.T) {
	if got, want := unsafe.Sizeof(Key{}), uintptr(24); got != want {
		t.Errorf("size of a Key = %d bytes, want %d", got, want)
	}
}

// The instants in ascending order, each once. The first and the last are the
// ends of what a time.Time can hold.
var instants = []time.Time{
	time.Unix(math.MinInt64+time.Time{}.Unix(), 0),
	time.Date(-9999, 1, 1, 0, 0, 0, 0, time.UTC),
	time.Time{}.Add(-1),
	{}, // year 1
	time.Time{}.Add(+1),
	time.Date(1677, 9, 21, 0, 12, 43, 145224191, time.UTC), // before UnixNano's first
	time.Unix(0, math.MinInt64),
	time.Unix(0, -1),
	time.Unix(0, 0),
	time.Unix(0, 1),
	time.Unix(0, 999_999_999),
	time.Unix(1, 0),
	epoch.Add(-1),
	epoch,
	epoch.Add(+1),
	time.Unix(0, math.MaxInt64),
	time.Date(2262, 4, 11, 23, 47, 16, 854775808, time.UTC), // after UnixNano's last
	time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC),
	time.Unix(math.MaxInt64+time.Time{}.Unix(), 999_999_999),
}

func TestKeyOrdersInstants(t *testing.T) {
	for i, a := range instants {
		for j, b := range instants {
			// The higher sequence and slot go with the earlier instant, so that
			// nothing but the instant can put the keys in order.
			ka := NewKey(a, uint64(len(instants)-i), uint32(len(instants)-i))
			kb := NewKey(b, uint64(len(instants)-j), uint32(len(instants)-j))
			if got, want := ka.Compare(kb), cmp.Compare(i, j); got != want {
				t.Errorf("Compare of instants %d (%v) and %d (%v) = %d, want %d", i, a, j, b, got, want)
			}
			if got, want := ka.DueBy(b), i <= j; got != want {
				t.Errorf("key at instant %d (%v): DueBy(%v) = %t, want %t", i, a, b, got, want)
			}
		}
	}
}

func TestKeyOrdersSequencesThenSlots(t *testing.T) {
	ascending := []Key{
		NewKey(epoch, 0, math.MaxUint32),
		NewKey(epoch, 1, 5),
		NewKey(epoch, 1, 6),
		NewKey(epoch, 2, 0),
		NewKey(epoch, math.MaxUint64, 0),
		NewKey(epoch, math.MaxUint64, math.MaxUint32),
		NewKey(epoch.Add(1), 0, 0),
	}
	for i, a := range ascending {
		for j, b := range ascending {
			if got, want := a.Compare(b), cmp.Compare(i, j); got != want {
				t.Errorf("(%v).Compare(%v) = %d, want %d", a, b, got, want)
			}
		}
	}
}

func TestKeyReturnsItsParts(t *testing.T) {
	for _, at := range instants {
		k := NewKey(at, math.MaxUint64-1, math.MaxUint32-1)
		if got := k.At(); !got.Equal(at) || got.Location() != time.UTC {
			t.Errorf("At() = %v in %v, want %v in UTC", got, got.Location(), at)
		}
		if got, want := k.Sequence(), uint64(math.MaxUint64-1); got != want {
			t.Errorf("Sequence() = %d, want %d", got, want)
		}
		if got, want := k.Slot(), uint32(math.MaxUint32-1); got != want {
			t.Errorf("Slot() = %d, want %d", got, want)
		}
	}
}

func TestZeroKey(t *testing.T) {
	if got, want := NewKey(time.Time{}, 0, 0), (Key{}); got != want {
		t.Errorf("NewKey of the zero time = %v, want %v", got, want)
	}
	if got := (Key{}).At(); got != (time.Time{}) {
		t.Errorf("At() of the zero key = %v, want the zero time", got)
	}
}

func TestKeyDropsZoneAndMonotonicReading(t *testing.T) {
	now := time.Now() // with a monotonic reading, in the local zone
	want := NewKey(now.Round(0).UTC(), 7, 8)
	for _, at := range []time.Time{
		now,
		now.Round(0),
		now.In(time.FixedZone("east", 14*60*60)),
		now.In(time.FixedZone("west", -12*60*60)),
	} {
		got := NewKey(at, 7, 8)
		if got != want || got.Compare(want) != 0 || !got.DueBy(now) {
			t.Errorf("NewKey(%v) = %v, want %v", at, got, want)
		}
	}
}

func TestKeyCompareAgreesWithTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawTime(t, "a"), drawTime(t, "b")
		if got, want := NewKey(a, 1, 1).Compare(NewKey(b, 1, 1)), a.Compare(b); got != want {
			t.Errorf("keys at %v and %v: Compare = %d, want %d", a, b, got, want)
		}
		if got, want := NewKey(a, 1, 1).DueBy(b), !a.After(b); got != want {
			t.Errorf("key at %v: DueBy(%v) = %t, want %t", a, b, got, want)
		}
		if got := NewKey(a, 1, 1).At(); !got.Equal(a) {
			t.Errorf("key at %v: At() = %v", a, got)
		}
	})
}

// drawTime draws any time.Time at all, also one whose seconds from 1970 do not
// fit into an int64.
func drawTime(t *rapid.T, label string) time.Time {
	sec := rapid.Int64().Draw(t, label+" seconds")
	nsec := rapid.Int64Range(0, 999_999_999).Draw(t, label+" nanoseconds")
	zone := time.FixedZone("", rapid.IntRange(-12*3600, 14*3600).Draw(t, label+" zone"))
	return time.Unix(sec, nsec).In(zone)
}
