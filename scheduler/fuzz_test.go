package scheduler

import "testing"

// FuzzIndex reads its input as operations of two bytes each: what to do, and
// with which entry.
func FuzzIndex(f *testing.F) {
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, operations []byte) {
		var p pair
		for ; len(operations) >= 2; operations = operations[2:] {
			p.do(t, operations[0], operations[1])
			p.check(t)
		}
	})
}

// The kinds of operation, by the first byte modulo their number. Inserts are
// more frequent than deletes, so that the index grows.
const (
	opInsert = iota
	opInsertToo
	opDelete
	opPopDue
	opClear
	operationKinds
)

func (p *pair) do(t failer, kind, which byte) {
	t.Helper()
	e := entry{
		at:   instants[int(which>>3)%len(instants)],
		seq:  uint64(which >> 1 & 3),
		slot: uint32(which & 1),
	}
	switch kind % operationKinds {
	case opInsert, opInsertToo:
		p.insert(t, e)
	case opDelete:
		p.delete(t, e)
	case opPopDue:
		p.popDue(t, e.at)
	case opClear:
		p.clear()
	}
}
