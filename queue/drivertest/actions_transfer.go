package drivertest

import (
	"fmt"
	"strings"
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// taskID is the ID of a transfer of that name.
func taskID(name string) (id driver.TaskID) {
	id[0] = 0x77
	copy(id[1:], name)
	return id
}

// A transferOption sets a part of a transfer.
type transferOption func(*play, *driver.Transfer)

func atOnce() transferOption         { return func(_ *play, t *driver.Transfer) { t.AtOnce = true } }
func dry() transferOption            { return func(_ *play, t *driver.Transfer) { t.DryRun = true } }
func most(n int) transferOption      { return func(_ *play, t *driver.Transfer) { t.Max = n } }
func lookingAt(n int) transferOption { return func(_ *play, t *driver.Transfer) { t.Look = n } }

func meaning(f driver.Filter) transferOption {
	return func(_ *play, t *driver.Transfer) { t.Filter = f }
}

// continued begins after the message that the latest call looked at last.
func continued() transferOption {
	return func(p *play, t *driver.Transfer) { t.After = p.progress.Last }
}

// snapshot ends where the latest call said.
func snapshot() transferOption {
	return func(p *play, t *driver.Transfer) { t.UpTo = p.progress.UpTo }
}

// upTo ends with a message of the queue.
func upTo(name string) transferOption {
	return func(p *play, t *driver.Transfer) { t.UpTo = p.sequence(t.From, name) }
}

// behind begins after a message of the queue.
func behind(name string) transferOption {
	return func(p *play, t *driver.Transfer) { t.After = p.sequence(t.From, name) }
}

// sequence finds the sequence of a message.
func (p *play) sequence(q driver.QueueID, name string) uint64 {
	infos, err := p.engine.List(p.t.Context(), p.now, q, 0, 1000)
	p.must(err)
	for _, info := range infos {
		if p.nameOf(info.ID) == name {
			return info.Sequence
		}
	}
	p.fail("the scenario has no message %q", name)
	return 0
}

// transfer answers with what was transferred, "a:home" for what came home, and
// with "full" and "more" where that is so.
func transfer(task, from, to string, options ...transferOption) action {
	return action{fmt.Sprintf("transfer %s from %s to %s", task, from, to), func(p *play) string {
		t := driver.Transfer{Task: taskID(task), From: p.queue(from), Max: 1000, Look: 1000}
		if to == gone {
			t.To = 1 << 62
		} else if to != "" {
			t.To = p.queue(to)
		}
		for _, set := range options {
			set(p, &t)
		}
		done, err := p.engine.Transfer(p.t.Context(), p.now, t)
		if err != nil {
			return failure(err)
		}
		text := p.rebound(done.Messages, t.DryRun)
		if done.Full {
			text += ", full"
		}
		return text + p.progressed(t.After, t.UpTo, done.Progress)
	}}
}

// rebound names what changed queues, and checks between which.
func (p *play) rebound(rebinds []driver.Rebind, dryRun bool) string {
	var names []string
	for _, r := range rebinds {
		name := p.nameOf(r.ID)
		if r.Home {
			name += ":home"
		}
		if !dryRun && !p.isListed(r.To.ID, r.ID) {
			name += ":not-in-" + r.To.Name
		}
		if p.isListed(r.From.ID, r.ID) != dryRun {
			name += ":in-" + r.From.Name
		}
		names = append(names, name)
	}
	return words(names)
}

func (p *play) isListed(q driver.QueueID, id driver.MessageID) bool {
	infos, err := p.engine.List(p.t.Context(), p.now, q, 0, 1000)
	if err != nil {
		return false
	}
	for _, info := range infos {
		if info.ID == id {
			return true
		}
	}
	return false
}

// progressed keeps how far a call came, and tells if there is more.
func (p *play) progressed(after, upTo uint64, progress driver.Progress) string {
	p.progress = progress
	switch {
	case progress.Last < after || upTo != 0 && progress.UpTo != upTo || progress.UpTo < progress.Last:
		return fmt.Sprintf(", progress %+v from %d to %d", progress, after, upTo)
	case !progress.Done:
		return ", more"
	}
	return ""
}

// A restoreOption sets a part of a restore.
type restoreOption func(*play, *driver.Restore)

func dueNow() restoreOption { return func(_ *play, r *driver.Restore) { r.DueNow = true } }
func ofTask(name string) restoreOption {
	return func(_ *play, r *driver.Restore) { r.Task = taskID(name) }
}
func atMost(n int) restoreOption { return func(_ *play, r *driver.Restore) { r.Max = n } }
func looked(n int) restoreOption { return func(_ *play, r *driver.Restore) { r.Look = n } }
func further() restoreOption {
	return func(p *play, r *driver.Restore) { r.After = p.progress.Last }
}
func ending() restoreOption {
	return func(p *play, r *driver.Restore) { r.UpTo = p.progress.UpTo }
}
func only(names ...string) restoreOption {
	return func(p *play, r *driver.Restore) {
		r.Messages = []driver.MessageID{}
		for _, name := range names {
			r.Messages = append(r.Messages, p.id(name))
		}
	}
}

// restore answers with what was put back, and counts what was not.
func restore(from string, options ...restoreOption) action {
	return action{"restore " + from, func(p *play) string {
		r := driver.Restore{From: p.queue(from), Max: 1000, Look: 1000}
		for _, set := range options {
			set(p, &r)
		}
		done, err := p.engine.Restore(p.t.Context(), p.now, r)
		if err != nil {
			return failure(err)
		}
		for i := range done.Messages {
			if !done.Messages[i].Home {
				return "restored " + p.nameOf(done.Messages[i].ID) + ", and not home"
			}
			done.Messages[i].Home = false
		}
		text := p.rebound(done.Messages, false)
		for _, count := range []struct {
			what string
			n    int
		}{{"in flight", done.InFlight}, {"no home", done.NoHome}, {"no room", done.NoRoom}} {
			if count.n > 0 {
				text += fmt.Sprintf(", %d %s", count.n, count.what)
			}
		}
		return text + p.progressed(r.After, r.UpTo, done.Progress)
	}}
}

// underTransfer counts what can be restored.
func underTransfer(q string) action {
	return counting(q, func(s driver.Stats) string { return fmt.Sprint(s.UnderTransfer) })
}

// receiveLedgers answers with the deliveries, each with what its ledger says.
func receiveLedgers(q string, limit int) action {
	return action{fmt.Sprintf("receive %d with ledgers from %s", limit, q), func(p *play) string {
		received, ledgers, err := p.engine.ReceiveTransfers(p.t.Context(), p.now, p.queue(q), driver.Receive{Max: limit})
		p.received = received
		if err != nil {
			return failure(err)
		}
		if len(ledgers) != len(received.Deliveries) {
			return fmt.Sprintf("%d ledgers for %d deliveries", len(ledgers), len(received.Deliveries))
		}
		var answers []string
		for i, d := range received.Deliveries {
			answers = append(answers, p.delivered(d)+p.ledger(ledgers[i]))
		}
		return words(answers)
	}}
}

func (p *play) ledger(l driver.Ledger) string {
	if l == (driver.Ledger{}) {
		return ""
	}
	task := strings.TrimRight(string(l.Task[1:]), "\x00")
	home := l.Home.Name
	if found := p.queueName(l.Home.ID); found != home {
		home += "=" + found
	}
	return fmt.Sprintf("{%s home %s due %s received %d retained %s hops %d}",
		task, home, p.instant(l.VisibleAt), l.ReceiveCount, p.instant(l.RetainFrom), l.Hops)
}

// A historyOption sets a part of an arrival.
type historyOption func(*driver.Arrival)

func sentAt(d time.Duration) historyOption {
	return func(a *driver.Arrival) { a.SentAt = start.Add(d) }
}
func firstAt(d time.Duration, receives int) historyOption {
	return func(a *driver.Arrival) { a.FirstReceivedAt, a.ReceiveCount = start.Add(d), receives }
}
func retainedFrom(d time.Duration) historyOption {
	return func(a *driver.Arrival) { a.RetainFrom = start.Add(d) }
}
func hops(n int) historyOption { return func(a *driver.Arrival) { a.Hops = n } }

// arrival is a message whose key is remembered for so long.
func arrival(key string, remember time.Duration, m driver.Message, options ...historyOption) driver.Arrival {
	a := driver.Arrival{Message: m, Key: key, Remember: remember}
	for _, set := range options {
		set(&a)
	}
	return a
}

// accept answers like send.
func accept(q string, arrivals ...driver.Arrival) action {
	return action{fmt.Sprintf("accept %d arrivals in %s", len(arrivals), q), func(p *play) string {
		results, err := p.engine.Accept(p.t.Context(), p.now, p.queue(q), arrivals)
		if err != nil {
			return failure(err)
		}
		if len(results) != len(arrivals) {
			return fmt.Sprintf("%d results for %d arrivals", len(results), len(arrivals))
		}
		var answers []string
		for i, r := range results {
			answers = append(answers, p.sent(arrivals[i].Message, r))
		}
		return words(answers)
	}}
}

// A memory is what could be seen of the messages of a queue at some instant.
type memory struct{ list, peek []driver.Info }

func (p *play) look(q string) memory {
	list, err := p.engine.List(p.t.Context(), p.now, p.queue(q), 0, 1000)
	p.must(err)
	peek, err := p.engine.Peek(p.t.Context(), p.now, p.queue(q), 1000)
	p.must(err)
	return memory{list, peek}
}

// memorize keeps what can be seen of the messages of a queue.
func memorize(q string) action {
	return action{"look at all of " + q, func(p *play) string {
		p.memories[q] = p.look(q)
		return fmt.Sprint(len(p.memories[q].list))
	}}
}

// unaltered answers "same" if everything is as it was when it was memorized.
func unaltered(q string) action {
	return action{"compare all of " + q, func(p *play) string {
		before, after := p.memories[q], p.look(q)
		want, got := append(before.list, before.peek...), append(after.list, after.peek...)
		if len(got) != len(want) {
			return fmt.Sprintf("%d messages instead of %d", len(got), len(want))
		}
		for i := range want {
			if field, g, x := infoDifference(&got[i], &want[i]); field != "" {
				return fmt.Sprintf("%s %v of %s instead of %v of %s", field, g, p.nameOf(got[i].ID), x, p.nameOf(want[i].ID))
			}
		}
		return "same"
	}}
}
