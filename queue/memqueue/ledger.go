package memqueue

import (
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// A ledger says how a message stood before its first transfer, and so what it is
// again when it is restored. It goes with the record from queue to queue.
type ledger struct {
	driver.Ledger
	sequence        uint64 // at home
	receivesHere    int
	received        bool
	firstReceivedAt time.Time
}

// newLedger returns the ledger of a record that is at home.
func newLedger(r *record, home driver.QueueRef) *ledger {
	return &ledger{
		Ledger: driver.Ledger{
			Home:         home,
			VisibleAt:    r.visibleAt,
			ReceiveCount: r.receives,
			RetainFrom:   r.retainFrom,
			Hops:         r.hops,
		},
		sequence:        r.sequence,
		receivesHere:    r.receivesHere,
		received:        r.received,
		firstReceivedAt: r.firstReceivedAt,
	}
}

// ledgers returns the ledgers of messages that were just delivered.
func (s *state) ledgers(deliveries []driver.Delivery) []driver.Ledger {
	ledgers := make([]driver.Ledger, len(deliveries))
	for i := range deliveries {
		n, _ := s.find(deliveries[i].Info.ID)
		if l := s.slab.at(n).ledger; l != nil {
			ledgers[i] = l.Ledger
		}
	}
	return ledgers
}
