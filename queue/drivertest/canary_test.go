package drivertest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redriveq/redrive/internal/model"
	"github.com/redriveq/redrive/queue/driver"
)

// The driver finds each of these faults within a few seeds. A driver that finds
// nothing in a right engine proves something only if it can find a wrong one.
func TestCanaries(t *testing.T) {
	testCanaries(t, map[string]func(driver.Engine) driver.Engine{
		"delete ignores the generation":     func(e driver.Engine) driver.Engine { return &unfenced{Engine: e, deletes: true} },
		"change ignores the generation":     func(e driver.Engine) driver.Engine { return &unfenced{Engine: e, changes: true} },
		"receive is one nanosecond early":   func(e driver.Engine) driver.Engine { return early{e} },
		"zero visibility is absent":         func(e driver.Engine) driver.Engine { return zeroIsAbsent{e} },
		"zero delay is absent":              func(e driver.Engine) driver.Engine { return noZeroDelay{e} },
		"dead letters get a new send time":  func(e driver.Engine) driver.Engine { return sentAnew{e} },
		"one receive too many":              func(e driver.Engine) driver.Engine { return patient{e} },
		"bodies are shared":                 func(e driver.Engine) driver.Engine { return &sharing{e, map[driver.MessageID][]byte{}} },
		"cancel knows nothing of what went": func(e driver.Engine) driver.Engine { return forgetful{e} },
		"results out of order":              func(e driver.Engine) driver.Engine { return disorderly{e} },
		"all queues share a clock":          func(e driver.Engine) driver.Engine { return &oneClock{Engine: e} },
		"NextAt only if nothing was found":  func(e driver.Engine) driver.Engine { return silent{e} },
		"a purge that panics":               func(e driver.Engine) driver.Engine { return panicking{e} },
	})
}

func testCanaries(t *testing.T, faults map[string]func(driver.Engine) driver.Engine) {
	for name, spoil := range faults {
		t.Run(name, func(t *testing.T) {
			const seeds = 80
			for seed := range uint64(seeds) {
				_, err := Drive(seed, 400, func() driver.Engine { return spoil(model.New()) })
				if err == nil {
					continue
				}
				if found := (*mismatch)(nil); !errors.As(err, &found) || !strings.HasPrefix(err.Error(), "seed ") || !strings.Contains(err.Error(), "the latest steps") {
					t.Errorf("got error %q, want a mismatch with its seed and the latest steps", err)
				}
				return
			}
			t.Errorf("got no error in %d seeds, want the fault found", seeds)
		})
	}
}

// An unfenced engine takes every receipt of a message for its latest.
type unfenced struct {
	driver.Engine
	deletes, changes bool
	latest           map[driver.MessageID]driver.Receipt
}

func (e *unfenced) Receive(ctx context.Context, now time.Time, q driver.QueueID, r driver.Receive) (driver.Received, error) {
	received, err := e.Engine.Receive(ctx, now, q, r)
	if e.latest == nil {
		e.latest = make(map[driver.MessageID]driver.Receipt)
	}
	for _, d := range received.Deliveries {
		e.latest[d.Info.ID] = d.Receipt
	}
	return received, err
}

func (e *unfenced) Delete(ctx context.Context, now time.Time, q driver.QueueID, receipts []driver.Receipt) ([]driver.DeleteResult, error) {
	receipts = slices.Clone(receipts)
	for i := range receipts {
		if e.deletes {
			receipts[i] = e.latest[receipts[i].Message]
		}
	}
	return e.Engine.Delete(ctx, now, q, receipts)
}

func (e *unfenced) ChangeVisibility(ctx context.Context, now time.Time, q driver.QueueID, changes []driver.Change) ([]driver.ChangeOutcome, error) {
	changes = slices.Clone(changes)
	for i := range changes {
		if e.changes {
			changes[i].Receipt = e.latest[changes[i].Message]
		}
	}
	return e.Engine.ChangeVisibility(ctx, now, q, changes)
}

type early struct{ driver.Engine }

func (e early) Receive(ctx context.Context, now time.Time, q driver.QueueID, r driver.Receive) (driver.Received, error) {
	return e.Engine.Receive(ctx, now.Add(ns), q, r)
}

type zeroIsAbsent struct{ driver.Engine }

func (e zeroIsAbsent) Receive(ctx context.Context, now time.Time, q driver.QueueID, r driver.Receive) (driver.Received, error) {
	if r.Visibility != nil && *r.Visibility == 0 {
		r.Visibility = nil
	}
	return e.Engine.Receive(ctx, now, q, r)
}

type noZeroDelay struct{ driver.Engine }

func (e noZeroDelay) Send(ctx context.Context, now time.Time, q driver.QueueID, messages []driver.Message) ([]driver.SendResult, error) {
	messages = slices.Clone(messages)
	for i := range messages {
		if d := messages[i].Delay; d != nil && *d == 0 {
			messages[i].Delay = nil
		}
	}
	return e.Engine.Send(ctx, now, q, messages)
}

// sentAnew tells of dead letters that they were sent when first received.
type sentAnew struct{ driver.Engine }

func (e sentAnew) List(ctx context.Context, now time.Time, q driver.QueueID, after uint64, limit int) ([]driver.Info, error) {
	infos, err := e.Engine.List(ctx, now, q, after, limit)
	for i := range infos {
		if infos[i].Origin != (driver.QueueRef{}) {
			infos[i].SentAt = infos[i].FirstReceivedAt
		}
	}
	return infos, err
}

// A patient engine dead-letters one receive later than its policy says.
type patient struct{ driver.Engine }

func (e patient) CreateQueue(ctx context.Context, now time.Time, name string, from driver.Attributes, patch driver.Patch) (driver.QueueInfo, bool, error) {
	info, created, err := e.Engine.CreateQueue(ctx, now, name, from, later(patch))
	return corrected(info), created, err
}

func (e patient) SetAttributes(ctx context.Context, now time.Time, q driver.QueueID, patch driver.Patch) (driver.QueueInfo, error) {
	info, err := e.Engine.SetAttributes(ctx, now, q, later(patch))
	return corrected(info), err
}

func (e patient) Queue(ctx context.Context, q driver.QueueID) (driver.QueueInfo, error) {
	info, err := e.Engine.Queue(ctx, q)
	return corrected(info), err
}

func (e patient) LookupQueue(ctx context.Context, name string) (driver.QueueInfo, error) {
	info, err := e.Engine.LookupQueue(ctx, name)
	return corrected(info), err
}

func (e patient) ListQueues(ctx context.Context, prefix, after string, limit int) ([]driver.QueueInfo, error) {
	infos, err := e.Engine.ListQueues(ctx, prefix, after, limit)
	for i := range infos {
		infos[i] = corrected(infos[i])
	}
	return infos, err
}

func later(patch driver.Patch) driver.Patch {
	if policy := patch.DeadLetter; policy != nil && policy.MaxReceives > 0 {
		patch.DeadLetter = deadLetter(policy.Queue, policy.MaxReceives+1)
	}
	return patch
}

func corrected(info driver.QueueInfo) driver.QueueInfo {
	if policy := &info.Attributes.DeadLetter; policy.MaxReceives > 0 {
		policy.MaxReceives--
	}
	return info
}

// A sharing engine gives everybody the same body.
type sharing struct {
	driver.Engine
	bodies map[driver.MessageID][]byte
}

func (e *sharing) List(ctx context.Context, now time.Time, q driver.QueueID, after uint64, limit int) ([]driver.Info, error) {
	infos, err := e.Engine.List(ctx, now, q, after, limit)
	for i := range infos {
		body, ok := e.bodies[infos[i].ID]
		if !ok {
			body = infos[i].Body
			e.bodies[infos[i].ID] = body
		}
		infos[i].Body = body
	}
	return infos, err
}

type forgetful struct{ driver.Engine }

func (e forgetful) Cancel(ctx context.Context, now time.Time, q driver.QueueID, ids []driver.MessageID) ([]driver.CancelOutcome, error) {
	outcomes, err := e.Engine.Cancel(ctx, now, q, ids)
	for i := range outcomes {
		if outcomes[i] == driver.CancelGone {
			outcomes[i] = driver.CancelUnknown
		}
	}
	return outcomes, err
}

type disorderly struct{ driver.Engine }

func (e disorderly) Delete(ctx context.Context, now time.Time, q driver.QueueID, receipts []driver.Receipt) ([]driver.DeleteResult, error) {
	results, err := e.Engine.Delete(ctx, now, q, receipts)
	slices.Reverse(results)
	return results, err
}

// oneClock never lets a queue be behind another one.
type oneClock struct {
	driver.Engine
	latest time.Time
}

func (e *oneClock) Send(ctx context.Context, now time.Time, q driver.QueueID, messages []driver.Message) ([]driver.SendResult, error) {
	if now.After(e.latest) {
		e.latest = now
	}
	return e.Engine.Send(ctx, e.latest, q, messages)
}

type silent struct{ driver.Engine }

func (e silent) Receive(ctx context.Context, now time.Time, q driver.QueueID, r driver.Receive) (driver.Received, error) {
	received, err := e.Engine.Receive(ctx, now, q, r)
	if len(received.Deliveries) > 0 {
		received.NextAt = time.Time{}
	}
	return received, err
}

type panicking struct{ driver.Engine }

func (panicking) Purge(context.Context, time.Time, driver.QueueID) (int, error) { panic("purged") }
