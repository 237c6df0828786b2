package memqueue

import (
	"bytes"
	"maps"
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// A slot is the place of a record in its queue's slab. Zero is none.
type slot uint32

// A record is what a queue knows of one message.
type record struct {
	sequence   uint64 // zero: the slot is free, and after is the next free one
	generation uint64
	nonce      uint64
	id         driver.MessageID
	content    *content
	origin     driver.QueueRef
	ledger     *ledger // nil unless it is under transfer

	sentAt          time.Time
	retainFrom      time.Time // from when its retention counts
	visibleAt       time.Time // when it became, or will become, visible
	receivedAt      time.Time // when its current delivery began
	firstReceivedAt time.Time

	receives     int  // that consumers see
	receivesHere int  // that its queue's dead-letter policy counts
	counted      bool // whether its latest delivery is in these counts
	received     bool // whether firstReceivedAt is set
	delivered    bool // ever, whatever the counts say, or as if: a cancel is too late
	hops         int  // how many brokers it has come through
	state        driver.State

	group         uint32 // of the queue's groups
	page          uint32 // of the roll
	before, after slot   // in the roll
	ahead, behind slot   // in its group's line, in a standard queue
	landmark      uint32 // that it is, in a standard queue; 0 if none
	aged, indexed bool   // see retention
}

// standing returns how the receipt of one of the record's deliveries stands.
func (r *record) standing(receipt driver.Receipt) driver.Standing {
	switch {
	case receipt.Generation != r.generation || receipt.Nonce != r.nonce:
		return driver.Superseded
	case r.state == driver.InFlight:
		return driver.Current
	}
	return driver.Late
}

func (r *record) info() driver.Info {
	return driver.Info{
		ID:              r.id,
		Sequence:        r.sequence,
		Body:            bytes.Clone(r.content.body),
		Attributes:      maps.Clone(r.content.attributes),
		Group:           r.content.group,
		DeduplicationID: r.content.deduplicationID,
		State:           r.state,
		SentAt:          r.sentAt,
		FirstReceivedAt: r.firstReceivedAt,
		VisibleAt:       r.visibleAt,
		ReceiveCount:    r.receives,
		Origin:          r.origin,
		Schedule:        r.content.schedule,
		NominalAt:       r.content.nominalAt,
	}
}

// A content is what the sender gave. It never changes, and goes with the
// message from queue to queue.
type content struct {
	body            []byte
	attributes      map[string]driver.Value
	group           string
	deduplicationID string
	size            int

	schedule  driver.ScheduleID // zero unless it is an occurrence of one
	nominalAt time.Time
}

func newContent(m *driver.Message, deduplicationID string) *content {
	c := &content{
		body:            bytes.Clone(m.Body),
		group:           m.Group,
		deduplicationID: deduplicationID,
		size:            m.Size(),
	}
	if len(m.Attributes) > 0 {
		c.attributes = maps.Clone(m.Attributes)
	}
	return c
}

// A slab holds the records of a queue by slot. Records never move, so a pointer
// to one stays good until its slot is freed.
type slab struct {
	chunks [][]record
	free   slot
}

const chunkSize = 256

func (s *slab) at(n slot) *record { return &s.chunks[n/chunkSize][n%chunkSize] }

// find returns the record in the slot if it is the one of that sequence, which
// is zero for no message.
func (s *slab) find(n slot, sequence uint64) *record {
	if sequence == 0 || n == 0 || int(n/chunkSize) >= len(s.chunks) {
		return nil
	}
	if r := s.at(n); r.sequence == sequence {
		return r
	}
	return nil
}

// take returns a free slot. Its record is the zero record.
func (s *slab) take() slot {
	if s.free == 0 {
		s.grow()
	}
	n := s.free
	r := s.at(n)
	s.free, r.after = r.after, 0
	return n
}

func (s *slab) put(n slot) {
	*s.at(n) = record{after: s.free}
	s.free = n
}

func (s *slab) grow() {
	first := slot(len(s.chunks) * chunkSize)
	s.chunks = append(s.chunks, make([]record, chunkSize))
	for n := first + chunkSize - 1; n > first; n-- {
		s.put(n)
	}
	if first != 0 {
		s.put(first)
	}
}
