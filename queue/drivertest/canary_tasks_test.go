package drivertest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redriveq/redrive/internal/model"
	"github.com/redriveq/redrive/queue/driver"
)

// The same for faults of moves, transfers and schedules.
func TestTaskCanaries(t *testing.T) {
	faults := map[string]func(driver.Engine) driver.Engine{
		"a cancelled task goes on":                 func(e driver.Engine) driver.Engine { return uncancelled{e} },
		"a moved message never keeps its identity": func(e driver.Engine) driver.Engine { return renaming{e, map[driver.TaskID]bool{}} },
		"a ledger names the latest queue":          func(e driver.Engine) driver.Engine { return &fickle{e, map[driver.MessageID]driver.QueueRef{}} },
		"a change of queues keeps the generation":  func(e driver.Engine) driver.Engine { return &countsReceives{Engine: e} },
		"a purge forgets keys":                     func(e driver.Engine) driver.Engine { return purgesKeys{e, map[driver.QueueID]int{}} },
		"a name replaces nothing":                  func(e driver.Engine) driver.Engine { return namesake{e, map[driver.ScheduleID]string{}} },
		"a message that is away is listed at home": func(e driver.Engine) driver.Engine { return &haunted{Engine: e} },
	}
	for name, f := range map[string]bent{
		"a step is one nanosecond early":      {step: func(now *time.Time, _ *int) { *now = now.Add(-ns) }},
		"a step moves one too many":           {step: func(_ *time.Time, most *int) { *most++ }},
		"a transfer moves one too many":       {transfer: func(t *driver.Transfer) { t.Max++ }},
		"a transfer looks at one too many":    {transfer: func(t *driver.Transfer) { t.Look++ }},
		"a transfer ignores its filter":       {transfer: func(t *driver.Transfer) { t.Filter = driver.Filter{} }},
		"a transfer ignores its cursor":       {transfer: func(t *driver.Transfer) { t.After = 0 }},
		"a transfer ignores its end":          {transfer: func(t *driver.Transfer) { t.UpTo = 0 }},
		"a transfer is always at once":        {transfer: func(t *driver.Transfer) { t.AtOnce = true }},
		"a dry run is none":                   {transfer: func(t *driver.Transfer) { t.DryRun = t.DryRun && t.To == 0 }},
		"a restore forgets when it is due":    {restore: func(r *driver.Restore) { r.DueNow = true }},
		"a restore ignores the task":          {restore: func(r *driver.Restore) { r.Task = driver.TaskID{} }},
		"a restore ignores the IDs":           {restore: func(r *driver.Restore) { r.Messages = nil }},
		"a key is remembered too long":        {accept: func(a *driver.Arrival) { a.Remember += ns }},
		"an arrival was sent now":             {accept: func(a *driver.Arrival) { a.SentAt = time.Time{} }},
		"retention of arrivals begins now":    {accept: func(a *driver.Arrival) { a.RetainFrom = time.Time{} }},
		"fire is one nanosecond early":        {fire: func(_ time.Time, wall *time.Time, _ *int) { *wall = wall.Add(ns) }},
		"fire goes by the time of the broker": {fire: func(now time.Time, wall *time.Time, _ *int) { *wall = now }},
		"fire claims one too many":            {fire: func(_ time.Time, _ *time.Time, most *int) { *most++ }},
		"occurrences are due after all else":  {fired: func(f *driver.Fired) { slices.Reverse(f.Occurrences) }},
	} {
		faults[name] = func(e driver.Engine) driver.Engine { f.Engine = e; return f }
	}
	testCanaries(t, faults)
}

// What the driver knows without the model is found too if the model has the
// same fault.
func TestSelfCanaries(t *testing.T) {
	for name, row := range map[string]struct {
		spoil func(driver.Engine) driver.Engine
		want  string
	}{
		"restores are due now": {func(e driver.Engine) driver.Engine {
			return bent{Engine: e, restore: func(r *driver.Restore) { r.DueNow = true }}
		}, "after there and back"},
		"restores change the send":    {func(e driver.Engine) driver.Engine { return &sideways{Engine: e} }, "after there and back"},
		"a purge counts one less":     {func(e driver.Engine) driver.Engine { return miscounting{e} }, "messages in all queues"},
		"generations are kept":        {func(e driver.Engine) driver.Engine { return &countsReceives{Engine: e} }, "generation"},
		"a task is never final":       {func(e driver.Engine) driver.Engine { return endless{e} }, "want a final one"},
		"a deleted source has a task": {func(e driver.Engine) driver.Engine { return &keepsTasks{e, map[driver.TaskID]driver.MoveTask{}} }, "error of t"},
	} {
		t.Run(name, func(t *testing.T) {
			const seeds = 120
			for seed := range uint64(seeds) {
				src := newSeeded(seed)
				w := newWorld(src, drawSwarm(src), row.spoil(model.New()))
				w.want = row.spoil(w.want)
				err := w.run(func(step int) bool { return step < 400 })
				if err == nil {
					continue
				}
				if !strings.Contains(strings.ReplaceAll(err.Error(), "\nwant ", " want "), row.want) {
					t.Errorf("seed %d: got error %v, want one that says %q", seed, err, row.want)
				}
				return
			}
			t.Errorf("got no error in %d seeds, want the fault found", seeds)
		})
	}
}

// The census finds a message that is in two places.
func TestCensusOfPlaces(t *testing.T) {
	engine := &crowded{Engine: model.New()}
	w := newWorld(newSeeded(1), plain(), engine)
	for _, step := range []func() error{
		func() error { return w.start(false) },
		func() error { return w.sendTo(w.live[0]) },
		w.counted,
	} {
		if err := step(); err != nil {
			t.Fatalf("got error %v, want none", err)
		}
	}
	engine.all = w.live[0].got
	if err := w.counted(); err == nil || !strings.Contains(err.Error(), "places of m0") {
		t.Errorf("got error %v, want one about the places of m0", err)
	}
}

// A crowded engine lists the messages of one queue for all.
type crowded struct {
	driver.Engine
	all driver.QueueID
}

func (e *crowded) List(ctx context.Context, now time.Time, q driver.QueueID, after uint64, limit int) ([]driver.Info, error) {
	return e.Engine.List(ctx, now, cmp.Or(e.all, q), after, limit)
}

// A bent engine changes what it is asked.
type bent struct {
	driver.Engine
	step     func(now *time.Time, most *int)
	transfer func(*driver.Transfer)
	restore  func(*driver.Restore)
	accept   func(*driver.Arrival)
	fire     func(now time.Time, wall *time.Time, most *int)
	fired    func(*driver.Fired)
}

func (e bent) StepMove(ctx context.Context, now time.Time, task driver.TaskID, most, look int) (driver.MoveStep, error) {
	if e.step != nil {
		e.step(&now, &most)
	}
	return e.Engine.StepMove(ctx, now, task, most, look)
}

func (e bent) Transfer(ctx context.Context, now time.Time, t driver.Transfer) (driver.Transferred, error) {
	upTo := t.UpTo
	if e.transfer != nil {
		e.transfer(&t)
	}
	done, err := e.Engine.Transfer(ctx, now, t)
	if upTo != 0 {
		done.UpTo = upTo
	}
	return done, err
}

func (e bent) Restore(ctx context.Context, now time.Time, r driver.Restore) (driver.Restored, error) {
	if e.restore != nil {
		e.restore(&r)
	}
	return e.Engine.Restore(ctx, now, r)
}

func (e bent) Accept(ctx context.Context, now time.Time, q driver.QueueID, arrivals []driver.Arrival) ([]driver.SendResult, error) {
	arrivals = slices.Clone(arrivals)
	for i := range arrivals {
		if e.accept != nil {
			e.accept(&arrivals[i])
		}
	}
	return e.Engine.Accept(ctx, now, q, arrivals)
}

func (e bent) Fire(ctx context.Context, now, wall time.Time, most int) (driver.Fired, error) {
	if e.fire != nil {
		e.fire(now, &wall, &most)
	}
	fired, err := e.Engine.Fire(ctx, now, wall, most)
	if e.fired != nil {
		e.fired(&fired)
	}
	return fired, err
}

// An uncancelled task is said to be cancelled, and is not.
type uncancelled struct{ driver.Engine }

func (e uncancelled) CancelMove(ctx context.Context, _ time.Time, id driver.TaskID) (driver.MoveTask, error) {
	task, err := e.Engine.LookupMove(ctx, id)
	if err != nil {
		return task, err
	}
	if task.State != driver.MoveRunning {
		return task, driver.ErrNotRunning
	}
	task.State = driver.MoveCancelling
	return task, nil
}

// A renaming engine makes a new message of each that it moves.
type renaming struct {
	driver.Engine
	keeping map[driver.TaskID]bool
}

func (e renaming) asked(t driver.MoveTask) driver.MoveTask {
	t.Move.KeepIdentity = e.keeping[t.ID]
	return t
}

func (e renaming) StartMove(ctx context.Context, now time.Time, move driver.Move, dryRun bool) (driver.MoveTask, error) {
	keep := move.KeepIdentity
	move.KeepIdentity = false
	task, err := e.Engine.StartMove(ctx, now, move, dryRun)
	if !dryRun {
		e.keeping[task.ID] = keep
	}
	task.Move.KeepIdentity = keep
	return task, err
}

func (e renaming) StepMove(ctx context.Context, now time.Time, id driver.TaskID, most, look int) (driver.MoveStep, error) {
	step, err := e.Engine.StepMove(ctx, now, id, most, look)
	step.Task = e.asked(step.Task)
	return step, err
}

func (e renaming) CancelMove(ctx context.Context, now time.Time, id driver.TaskID) (driver.MoveTask, error) {
	task, err := e.Engine.CancelMove(ctx, now, id)
	return e.asked(task), err
}

func (e renaming) LookupMove(ctx context.Context, id driver.TaskID) (driver.MoveTask, error) {
	task, err := e.Engine.LookupMove(ctx, id)
	return e.asked(task), err
}

// A fickle engine calls the queue home from which a message came last.
type fickle struct {
	driver.Engine
	from map[driver.MessageID]driver.QueueRef
}

func (e *fickle) Transfer(ctx context.Context, now time.Time, t driver.Transfer) (driver.Transferred, error) {
	done, err := e.Engine.Transfer(ctx, now, t)
	for _, r := range done.Messages {
		e.from[r.ID] = r.From
	}
	return done, err
}

func (e *fickle) ReceiveTransfers(ctx context.Context, now time.Time, q driver.QueueID, r driver.Receive) (driver.Received, []driver.Ledger, error) {
	received, ledgers, err := e.Engine.ReceiveTransfers(ctx, now, q, r)
	for i := range ledgers {
		if ledgers[i] != (driver.Ledger{}) {
			ledgers[i].Home = e.from[received.Deliveries[i].Info.ID]
		}
	}
	return received, ledgers, err
}

// An engine that countsReceives has a generation that grows with nothing else.
type countsReceives struct {
	driver.Engine
	latest map[driver.MessageID]uint64
	real   map[driver.Receipt]driver.Receipt
}

func (e *countsReceives) Receive(ctx context.Context, now time.Time, q driver.QueueID, r driver.Receive) (driver.Received, error) {
	received, err := e.Engine.Receive(ctx, now, q, r)
	e.renumber(received.Deliveries)
	return received, err
}

func (e *countsReceives) ReceiveTransfers(ctx context.Context, now time.Time, q driver.QueueID, r driver.Receive) (driver.Received, []driver.Ledger, error) {
	received, ledgers, err := e.Engine.ReceiveTransfers(ctx, now, q, r)
	e.renumber(received.Deliveries)
	return received, ledgers, err
}

func (e *countsReceives) renumber(deliveries []driver.Delivery) {
	if e.real == nil {
		e.latest, e.real = make(map[driver.MessageID]uint64), make(map[driver.Receipt]driver.Receipt)
	}
	for i := range deliveries {
		receipt := deliveries[i].Receipt
		e.latest[receipt.Message]++
		deliveries[i].Receipt.Generation = e.latest[receipt.Message]
		e.real[deliveries[i].Receipt] = receipt
	}
}

func (e *countsReceives) Delete(ctx context.Context, now time.Time, q driver.QueueID, receipts []driver.Receipt) ([]driver.DeleteResult, error) {
	receipts = slices.Clone(receipts)
	for i := range receipts {
		if r, ok := e.real[receipts[i]]; ok {
			receipts[i] = r
		}
	}
	return e.Engine.Delete(ctx, now, q, receipts)
}

func (e *countsReceives) ChangeVisibility(ctx context.Context, now time.Time, q driver.QueueID, changes []driver.Change) ([]driver.ChangeOutcome, error) {
	changes = slices.Clone(changes)
	for i := range changes {
		if r, ok := e.real[changes[i].Receipt]; ok {
			changes[i].Receipt = r
		}
	}
	return e.Engine.ChangeVisibility(ctx, now, q, changes)
}

// purgesKeys forgets the keys of arrivals with a purge.
type purgesKeys struct {
	driver.Engine
	purges map[driver.QueueID]int
}

func (e purgesKeys) Purge(ctx context.Context, now time.Time, q driver.QueueID) (int, error) {
	e.purges[q]++
	return e.Engine.Purge(ctx, now, q)
}

func (e purgesKeys) Accept(ctx context.Context, now time.Time, q driver.QueueID, arrivals []driver.Arrival) ([]driver.SendResult, error) {
	arrivals = slices.Clone(arrivals)
	for i := range arrivals {
		arrivals[i].Key = fmt.Sprint(e.purges[q], arrivals[i].Key)
	}
	return e.Engine.Accept(ctx, now, q, arrivals)
}

// A namesake leaves the schedule active that had the name before.
type namesake struct {
	driver.Engine
	names map[driver.ScheduleID]string
}

func (e namesake) Schedule(ctx context.Context, now, wall time.Time, s driver.Schedule) (driver.ScheduleInfo, bool, error) {
	name := s.Name
	s.Name = ""
	info, created, err := e.Engine.Schedule(ctx, now, wall, s)
	e.names[info.ID] = name
	info.Schedule.Name = name
	return info, created, err
}

func (e namesake) LookupSchedule(ctx context.Context, id driver.ScheduleID) (driver.ScheduleInfo, error) {
	info, err := e.Engine.LookupSchedule(ctx, id)
	info.Schedule.Name = e.names[info.ID]
	return info, err
}

// A haunted queue still lists a message that was transferred.
type haunted struct {
	driver.Engine
	home  driver.QueueID
	ghost []driver.Info
}

func (e *haunted) Transfer(ctx context.Context, now time.Time, t driver.Transfer) (driver.Transferred, error) {
	before, _ := e.Engine.List(ctx, now, t.From, 0, 1)
	done, err := e.Engine.Transfer(ctx, now, t)
	if !t.DryRun && len(done.Messages) > 0 && done.Messages[0].ID == before[0].ID {
		e.home, e.ghost = t.From, before
	}
	return done, err
}

func (e *haunted) List(ctx context.Context, now time.Time, q driver.QueueID, after uint64, limit int) ([]driver.Info, error) {
	infos, err := e.Engine.List(ctx, now, q, after, limit)
	if q == e.home && after == 0 && len(e.ghost) > 0 {
		infos = append([]driver.Info{e.ghost[0].Clone()}, infos...)
	}
	return infos, err
}

// A miscounting purge tells of one message less.
type miscounting struct{ driver.Engine }

func (e miscounting) Purge(ctx context.Context, now time.Time, q driver.QueueID) (int, error) {
	n, err := e.Engine.Purge(ctx, now, q)
	return max(0, n-1), err
}

// sideways tells of a message that was restored that it was sent later.
type sideways struct {
	driver.Engine
	restored map[driver.MessageID]bool
}

func (e *sideways) Restore(ctx context.Context, now time.Time, r driver.Restore) (driver.Restored, error) {
	done, err := e.Engine.Restore(ctx, now, r)
	if e.restored == nil {
		e.restored = make(map[driver.MessageID]bool)
	}
	for _, m := range done.Messages {
		e.restored[m.ID] = true
	}
	return done, err
}

func (e *sideways) List(ctx context.Context, now time.Time, q driver.QueueID, after uint64, limit int) ([]driver.Info, error) {
	infos, err := e.Engine.List(ctx, now, q, after, limit)
	for i := range infos {
		if e.restored[infos[i].ID] {
			infos[i].SentAt = infos[i].SentAt.Add(ns)
		}
	}
	return infos, err
}

// An endless engine makes no step of a task that was cancelled.
type endless struct{ driver.Engine }

func (e endless) StepMove(ctx context.Context, now time.Time, id driver.TaskID, most, look int) (driver.MoveStep, error) {
	task, err := e.Engine.LookupMove(ctx, id)
	if err == nil && task.State == driver.MoveCancelling {
		return driver.MoveStep{Task: task}, nil
	}
	return e.Engine.StepMove(ctx, now, id, most, look)
}

// An engine that keepsTasks knows those of sources that were deleted.
type keepsTasks struct {
	driver.Engine
	tasks map[driver.TaskID]driver.MoveTask
}

func (e *keepsTasks) StartMove(ctx context.Context, now time.Time, move driver.Move, dryRun bool) (driver.MoveTask, error) {
	task, err := e.Engine.StartMove(ctx, now, move, dryRun)
	if err == nil && !dryRun {
		kept := task
		kept.Move.Filter.Attributes = maps.Clone(task.Move.Filter.Attributes)
		e.tasks[task.ID] = kept
	}
	return task, err
}

func (e *keepsTasks) LookupMove(ctx context.Context, id driver.TaskID) (driver.MoveTask, error) {
	task, err := e.Engine.LookupMove(ctx, id)
	if kept, ok := e.tasks[id]; ok && err != nil {
		return kept, nil
	}
	return task, err
}
