package xfer

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"github.com/redriveq/redrive/queue"
)

// giveBack makes items visible again that were not sent. Those that were
// cancelled meanwhile go home.
func (l *lane) giveBack(items []*item) {
	_ = l.m.step(context.Background(), func() error {
		var fenced, staying []*item
		for _, it := range items {
			if l.fence(it) != nil {
				fenced = append(fenced, it)
			} else {
				staying = append(staying, it)
			}
		}
		l.release(staying)
		l.home(fenced)
		return nil
	})
}

// takeHome puts items back home, in a step.
func (l *lane) takeHome(items []*item) {
	if len(items) == 0 {
		return
	}
	_ = l.m.step(context.Background(), func() error {
		l.home(items)
		return nil
	})
}

// bringBack makes what was put aside visible again, in a step.
func (l *lane) bringBack() {
	_ = l.m.step(context.Background(), func() error {
		l.release(l.takeAside(func(*item) bool { return true }))
		return nil
	})
}

// home puts items back home that are in hand or were put aside. Those that have
// no way home are put aside. It is called in a step.
func (l *lane) home(items []*item) {
	l.release(items)
	var homeless []*item
	for _, it := range items {
		got, err := l.m.broker.Restore(context.Background(), queue.Restore{
			Task:   it.ledger.Task,
			From:   l.q.ID(),
			After:  it.Sequence - 1,
			UpTo:   it.Sequence,
			Max:    1,
			Look:   1,
			DueNow: l.isDueNow(it),
		})
		switch {
		case err != nil:
			l.warn("a message could not be put back", []*item{it}, err)
			homeless = append(homeless, it)
		case len(got.Messages) > 0:
			l.cameHome(it, got.Messages)
		case got.NoHome+got.NoRoom > 0:
			it.noRoom = got.NoRoom > 0
			homeless = append(homeless, it)
		}
	}
	l.putAside(homeless)
}

// cameHome counts and logs a message that is back home.
func (l *lane) cameHome(it *item, way []queue.Rebind) {
	op, reason := Restored, ""
	if fence := l.fence(it); fence != nil {
		reason = fence.Reason
	}
	if it.refusal != nil {
		op, reason = Refused, it.refusal.Error()
	}
	if p := it.part; p != nil {
		l.m.change(func() {
			if it.refusal != nil && p.cancelled == nil {
				p.leave(&p.failed)
			} else {
				p.leave(&p.restored)
			}
		}, p)
	}
	l.m.history.note(op, reason, way)
}

// putAside hides items that have no way home.
func (l *lane) putAside(items []*item) {
	if len(items) == 0 {
		return
	}
	for chunk := range l.chunks(items) {
		l.changeVisibility(chunk, hiding)
	}
	l.warn("messages have no way home, and stay under transfer", items, nil)
	var parts []*part
	for _, it := range items {
		parts = append(parts, it.part)
	}
	l.m.change(func() {
		for _, it := range items {
			l.forgetAside(it.ID)
			l.aside[it.ID] = it
			if it.part != nil {
				it.part.homeless++
			}
		}
	}, parts...)
}

// takeAside takes in hand what was put aside and is meant.
func (l *lane) takeAside(means func(*item) bool) (items []*item) {
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	for _, it := range l.aside {
		if means(it) {
			items = append(items, it)
		}
	}
	slices.SortFunc(items, func(a, b *item) int { return cmp.Compare(a.Sequence, b.Sequence) })
	for _, it := range items {
		l.forgetAside(it.ID)
	}
	return items
}

// forgetAside notes that a message is not aside, if it was. The Manager's mutex
// is held.
func (l *lane) forgetAside(id queue.MessageID) {
	if it := l.aside[id]; it != nil {
		delete(l.aside, id)
		if it.part != nil {
			it.part.homeless--
		}
	}
}

// fence returns the cancel that the item falls under, nil if none.
func (l *lane) fence(it *item) *CancelOptions {
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	if it.part != nil {
		return it.part.cancelled
	}
	return l.recall
}

func (l *lane) isDueNow(it *item) bool {
	fence := l.fence(it)
	return fence != nil && fence.DueNow
}

// release makes items visible.
func (l *lane) release(items []*item) {
	for chunk := range l.chunks(items) {
		if _, err := l.q.ReleaseMany(context.Background(), receipts(chunk)); err != nil {
			l.warn("messages could not be given back", chunk, err)
		}
	}
}

func (l *lane) changeVisibility(items []*item, timeout time.Duration) {
	changes := make([]queue.VisibilityChange, len(items))
	for i, it := range items {
		changes[i] = queue.VisibilityChange{Receipt: it.Receipt, Timeout: timeout}
	}
	if _, err := l.q.ChangeVisibilityMany(context.Background(), changes); err != nil {
		l.warn("messages could not be hidden", items, err)
	}
}

// chunks returns the items in as many as one call of the broker may have.
func (l *lane) chunks(items []*item) iter.Seq[[]*item] { return slices.Chunk(items, l.q.MaxBatch()) }

func receipts(items []*item) []string {
	receipts := make([]string, len(items))
	for i, it := range items {
		receipts[i] = it.Receipt
	}
	return receipts
}

// warn logs what is wrong with items. An engine that is closed is no news.
func (l *lane) warn(what string, items []*item, err error) {
	if !errors.Is(err, queue.ErrClosed) {
		l.m.log.WarnContext(l.m.ctx, what, "queue", l.q.Name(), "messages", len(items), "first", items[0].ID, "error", err)
	}
}
