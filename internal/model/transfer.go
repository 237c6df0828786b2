package model

import (
	"context"
	"slices"
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// A ledger is how a message stood before its first transfer: what consumers of
// transfers see of it, and what else restoring puts back. What is missing, such
// as the body and the group, no queue changes.
type ledger struct {
	driver.Ledger
	sequence        uint64
	receivesHere    int
	firstReceivedAt time.Time
	received        bool
}

// ledgerSeen returns the ledger of a message, zero if it is not under transfer.
func (m *message) ledgerSeen() driver.Ledger {
	if m.ledger == nil {
		return driver.Ledger{}
	}
	return m.ledger.Ledger
}

// Transfer transfers the messages one after the other. A dry run does not look
// at room. Both queues are shown now.
func (e *Engine) Transfer(_ context.Context, now time.Time, t driver.Transfer) (driver.Transferred, error) {
	return settled(e, now, t.From, func(from *queue) (driver.Transferred, error) {
		if t.To == 0 && t.DryRun {
			return from.transfer(t, nil), nil
		}
		if err := e.checkDestination(from, t.To); err != nil {
			return driver.Transferred{}, err
		}
		to := e.queues[t.To]
		to.advance(from.now)
		return from.transfer(t, to), nil
	})
}

// Restore puts the messages back one after the other. A home is shown now if a
// message that is meant waits.
func (e *Engine) Restore(_ context.Context, now time.Time, r driver.Restore) (driver.Restored, error) {
	return settled(e, now, r.From, func(from *queue) (driver.Restored, error) { return from.restore(r), nil })
}

// ReceiveTransfers receives like Receive, and returns the ledgers too.
func (e *Engine) ReceiveTransfers(_ context.Context, now time.Time, id driver.QueueID, r driver.Receive) (driver.Received, []driver.Ledger, error) {
	var ledgers []driver.Ledger
	received, err := settled(e, now, id, func(q *queue) (received driver.Received, err error) {
		received, ledgers, err = q.receive(r, true)
		return received, err
	})
	return received, ledgers, err
}

// transfer looks at messages and transfers some. It looks no further when it
// has transferred t.Max.
func (q *queue) transfer(t driver.Transfer, to *queue) driver.Transferred {
	result := driver.Transferred{Progress: q.begin(t.After, t.UpTo)}
	for i, m := range q.between(t.After, result.UpTo) {
		if i >= t.Look || len(result.Messages) >= t.Max {
			break
		}
		sequence := m.Sequence
		if m.State != driver.InFlight && m.matches(&t.Filter) {
			if !t.DryRun && !to.fits(m.size) {
				result.Full = true
				break
			}
			result.Messages = append(result.Messages, q.transferOne(m, to, t))
		}
		result.Last = sequence
	}
	q.finish(&result.Progress)
	return result
}

// transferOne makes the one change by which a message is transferred, or
// restored if it would be transferred home. A dry run only says which.
func (q *queue) transferOne(m *message, to *queue, t driver.Transfer) driver.Rebind {
	rebind := driver.Rebind{ID: m.ID, From: q.ref()}
	if to != nil {
		rebind.To = to.ref()
		rebind.Home = m.ledgerSeen().Home.ID == to.id
	}
	switch {
	case t.DryRun:
	case rebind.Home:
		q.restoreOne(m, to, false)
	default:
		l := q.ledgerOf(m)
		l.Task = t.Task
		visibleAt := m.VisibleAt
		if t.AtOnce {
			visibleAt = to.now
		}
		q.leave(m)
		m.ledger = &l
		to.arrive(m, m.retainedFrom)
		m.State = driver.Delayed
		m.VisibleAt = visibleAt
		to.settle()
	}
	return rebind
}

// ledgerOf returns the ledger that a message has from a transfer on: the one that
// it had, or how it stands now.
func (q *queue) ledgerOf(m *message) ledger {
	if m.ledger != nil {
		return *m.ledger
	}
	return ledger{
		Ledger: driver.Ledger{
			Home:         q.ref(),
			VisibleAt:    m.VisibleAt,
			ReceiveCount: m.ReceiveCount,
			RetainFrom:   m.retainedFrom,
			Hops:         m.hops,
		},
		sequence:        m.Sequence,
		receivesHere:    m.receivesHere,
		firstReceivedAt: m.FirstReceivedAt,
		received:        m.received,
	}
}

// restore looks at messages and puts some back. It looks no further when it has
// put back r.Max.
func (q *queue) restore(r driver.Restore) driver.Restored {
	result := driver.Restored{Progress: q.begin(r.After, r.UpTo)}
	for i, m := range q.between(r.After, result.UpTo) {
		if i >= r.Look || len(result.Messages) >= r.Max {
			break
		}
		result.Last = m.Sequence
		if !means(r, m) {
			continue
		}
		home, ok := q.engine.queues[m.ledger.Home.ID]
		if ok {
			home.advance(q.now)
		}
		switch {
		case m.State == driver.InFlight:
			result.InFlight++
		case !ok:
			result.NoHome++
		case !home.fits(m.size):
			result.NoRoom++
		default:
			q.restoreOne(m, home, r.DueNow)
			result.Messages = append(result.Messages, driver.Rebind{ID: m.ID, From: q.ref(), To: home.ref(), Home: true})
		}
	}
	q.finish(&result.Progress)
	return result
}

// means reports whether a restore is for the message, in whatever state it is.
func means(r driver.Restore, m *message) bool {
	return m.ledger != nil &&
		(r.Task == driver.TaskID{} || r.Task == m.ledger.Task) &&
		(r.Messages == nil || slices.Contains(r.Messages, m.ID))
}

// restoreOne makes the one change by which a message is put back.
func (q *queue) restoreOne(m *message, home *queue, dueNow bool) {
	l := *m.ledger
	q.leave(m)
	m.Sequence = l.sequence
	m.ReceiveCount = l.ReceiveCount
	m.receivesHere = l.receivesHere
	m.FirstReceivedAt = l.firstReceivedAt
	m.received = l.received
	m.VisibleAt = l.VisibleAt
	home.takeBack(m, dueNow)
}

// takeBack puts a message where it was before it left: in the place of its
// sequence, and in its line if it is visible. If its retention is over, it is
// gone.
func (q *queue) takeBack(m *message, dueNow bool) {
	at := len(q.after(m.Sequence))
	q.messages = slices.Insert(q.messages, len(q.messages)-at, m)
	switch {
	case dueNow:
		m.State = driver.Visible
		m.VisibleAt = q.now
		q.rotation.join(m)
	case m.VisibleAt.After(q.now):
		m.State = driver.Delayed
	default:
		m.State = driver.Visible
		q.rotation.insert(m)
	}
	q.settle()
}

// begin returns the progress of a call that has not yet looked at anything. An
// upTo of zero means the highest sequence that the queue has given out.
func (q *queue) begin(after, upTo uint64) driver.Progress {
	if upTo == 0 {
		upTo = q.highest
	}
	return driver.Progress{Last: after, UpTo: upTo}
}

// finish says whether anything is left to look at.
func (q *queue) finish(p *driver.Progress) { p.Done = len(q.between(p.Last, p.UpTo)) == 0 }
