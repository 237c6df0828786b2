package xfer

import (
	"context"
	"errors"
	"time"

	"github.com/redriveq/redrive/queue"
)

// A lane is a transfer queue with its sender, a goroutine that runs while
// something is in the queue. The sender alone receives from it, like a consumer:
// what it has in hand is in flight, and so out of the reach of transfers and
// restores.
//
//	            admit                  accepted: deleted
//	visible ────────────► in hand ───► refused:  released, restored
//	   ▲  ▲                  │         failed:   released; restored if cancelled
//	   │  └──────────────────┘
//	   │  bringBack                    no way home
//	   └──────────────── aside  ◄─────────────────────
//
// A message that is to go home and finds no home, or no room there, is put aside:
// it is hidden, so that it does not come up again and again. It comes up when its
// timeout ends; a cancel, or a transfer to somewhere else, brings it back before.
type lane struct {
	m    *Manager
	q    *queue.Queue
	to   string        // the name of the target
	wake chan struct{} // has an element if the sender is to look again

	spans spans // changed in steps

	// The Manager's mutex guards these.
	target  Target
	running bool                      // the sender is
	recall  *CancelOptions            // what is in hand and of no known task goes home unless it is accepted
	aside   map[queue.MessageID]*item // what has no way home

	batch int // how many records to offer; the sender's
}

// An item is a message that the sender has in hand.
type item struct {
	queue.Delivery
	ledger  queue.Ledger
	part    *part // nil if its task is not known
	refusal error // by the target; nil if there is none
	noRoom  bool  // it was put aside, and has a home
}

const (
	maxBatch   = 500
	firstBatch = 50
	batchBytes = 8 << 20 // of the bodies of a batch, if they are as large as those of the last

	// hiding is for how long a message is hidden in excess of the time that a
	// target has.
	hiding = 5 * time.Minute
)

// openLane returns the lane of a target, which has that target from now on.
func (m *Manager) openLane(target Target, fifo bool) (*lane, error) {
	q, err := m.broker.TransferQueue(m.ctx, target.Name(), fifo)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.lanes[q.ID()]
	if l == nil {
		l = &lane{m: m, q: q, to: target.Name(), batch: firstBatch, wake: make(chan struct{}, 1), aside: make(map[queue.MessageID]*item)}
		m.lanes[q.ID()] = l
	}
	l.target = target
	return l, nil
}

// lane returns the lane whose transfer queue that is, nil if it is none.
func (m *Manager) lane(id queue.QueueID) *lane {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.lanes[id]
}

// start sees to it that the sender looks at the queue after this. It is called in
// a step, or by a goroutine for which Close waits.
func (l *lane) start() {
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	switch {
	case l.m.closed:
	case !l.running:
		l.running = true
		l.m.busy.Go(l.run)
	default:
		select {
		case l.wake <- struct{}{}:
		default:
		}
	}
}

// run is the sender.
func (l *lane) run() {
	pause := time.Duration(0)
	for l.m.ctx.Err() == nil {
		switch progress, err := l.round(); {
		case l.m.ctx.Err() != nil, errors.Is(err, queue.ErrClosed):
			return
		case errors.Is(err, queue.ErrNoQueue):
			l.lost()
			return
		case err != nil:
			if progress {
				pause = 0
			}
			pause = min(max(2*pause, time.Second), time.Minute)
			l.m.log.WarnContext(l.m.ctx, "target failed, trying again", "target", l.to, "pause", pause, "error", err)
			l.rest(pause, nil)
		case progress:
			pause = 0
		case l.retire():
			return
		default:
			l.rest(hiding, l.wake)
		}
	}
}

// rest waits for so long, or until the sender is to look again, or the end.
func (l *lane) rest(d time.Duration, wake <-chan struct{}) {
	rung, stop := l.m.alarm(d)
	defer stop()
	select {
	case <-rung:
	case <-wake:
	case <-l.m.ctx.Done():
	}
}

// round offers one batch to the target. It reports whether anything became of any
// message; if not, and without an error, nothing is there to be sent.
func (l *lane) round() (progress bool, err error) {
	items, ahead, err := l.admit()
	if err != nil {
		return false, err
	}
	if len(items) == 0 {
		return ahead, nil
	}
	return l.offer(items)
}

// admit takes the next messages in hand that are to be sent. What was cancelled is
// put back home instead. It reports whether there was anything at all.
func (l *lane) admit() (items []*item, any bool, err error) {
	deliveries, ledgers, err := l.q.ReceiveTransfers(l.m.ctx, l.batch, l.m.timeout+hiding)
	if err != nil {
		return nil, false, err
	}
	items, fenced, strays := l.sort(deliveries, ledgers)
	if strays > 0 {
		l.m.log.WarnContext(l.m.ctx, "messages in a transfer queue that were not transferred stay there", "queue", l.q.Name(), "messages", strays)
	}
	l.resize(items)
	l.takeHome(fenced)
	return items, len(deliveries) > 0, nil
}

// sort tells what is to be sent from what was cancelled, and from strays that
// somebody has sent to the transfer queue. From now on a cancel counts on the
// former being sent.
func (l *lane) sort(deliveries []queue.Delivery, ledgers []queue.Ledger) (items, fenced []*item, strays int) {
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	l.recall = nil
	for i, d := range deliveries {
		it := &item{Delivery: d, ledger: ledgers[i], part: l.partOf(ledgers[i].Task)}
		l.forgetAside(d.ID)
		switch {
		case it.ledger.Task == queue.TaskID{}:
			strays++
		case it.part != nil && it.part.cancelled != nil:
			fenced = append(fenced, it)
		default:
			items = append(items, it)
		}
	}
	return items, fenced, strays
}

// resize sets the size of the next batch by the bytes of this one.
func (l *lane) resize(items []*item) {
	bytes := 1
	for _, it := range items {
		bytes += len(it.Body)
	}
	fit := len(items) * batchBytes / bytes
	l.batch = max(1, min(2*l.batch, maxBatch, fit))
}

// partOf returns the part of that task that is in the lane, nil if it is not
// known. The Manager's mutex is held.
func (l *lane) partOf(id queue.TaskID) *part {
	if t := l.m.tasks[id]; t != nil {
		for _, p := range t.parts {
			if p.lane == l {
				return p
			}
		}
	}
	return nil
}

// retire ends the sender if nothing is in the queue. What was there and did not
// go through its hands was removed by others, and is counted no more.
func (l *lane) retire() (done bool) {
	err := l.m.step(l.m.ctx, func() error {
		stats, err := l.q.Stats(l.m.ctx)
		if err != nil || stats.Visible.Messages+stats.Delayed.Messages+stats.InFlight.Messages > 0 {
			return err
		}
		l.abandon()
		done = true
		return nil
	})
	return done && err == nil
}

// lost ends the sender, whose queue was deleted.
func (l *lane) lost() {
	_ = l.m.step(context.Background(), func() error {
		l.abandon()
		return nil
	})
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	delete(l.m.lanes, l.q.ID())
}

// abandon forgets what the lane knows of the messages in its queue, and that it
// has a sender. It is called in a step.
func (l *lane) abandon() {
	l.spans = nil
	var parts []*part
	l.m.mu.Lock()
	for _, t := range l.m.order {
		for _, p := range t.parts {
			if p.lane == l && p.waiting > 0 {
				parts = append(parts, p)
			}
		}
	}
	l.m.mu.Unlock()
	l.m.change(func() {
		clear(l.aside)
		for _, p := range parts {
			p.waiting, p.homeless = 0, 0
		}
		l.running = false
	}, parts...)
}
