package drivertest

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// The texts of outcomes.
var (
	standingTexts = []string{"", "current", "late", "superseded"}
	cancelTexts   = []string{"none", "cancelled", "in-flight", "delivered", "gone", "unknown"}
	changeTexts   = []string{
		driver.Changed:                 "changed",
		driver.ChangeGone:              "gone",
		driver.ChangeRefusedLate:       "refused-late",
		driver.ChangeRefusedSuperseded: "refused-superseded",
		driver.ChangeAboveCap:          "above-cap",
		driver.ChangeInFlightLimit:     "in-flight-limit",
		driver.ChangeWrongQueue:        "wrong-queue",
		driver.ChangeMalformed:         "malformed",
	}
)

// An option sets a part of a message.
type option func(*driver.Message)

func group(name string) option     { return func(m *driver.Message) { m.Group = name } }
func dedup(id string) option       { return func(m *driver.Message) { m.DeduplicationID = id } }
func after(d time.Duration) option { return func(m *driver.Message) { m.Delay = new(d) } }
func at(d time.Duration) option    { return func(m *driver.Message) { m.At = start.Add(d) } }
func carrying(name string, value driver.Value) option {
	return func(m *driver.Message) { m.Attributes = map[string]driver.Value{name: value} }
}

func msg(body string, options ...option) driver.Message {
	m := driver.Message{Body: []byte(body)}
	for _, set := range options {
		set(&m)
	}
	return m
}

// create makes a queue: "created", or "found" for one that was there.
func create(name string, patch driver.Patch) action { return createFrom(name, base(), patch) }

func createFrom(name string, from driver.Attributes, patch driver.Patch) action {
	return action{"create " + name, func(p *play) string {
		info, created, err := p.engine.CreateQueue(p.t.Context(), p.now, name, from, patch)
		switch {
		case err != nil:
			return failure(err)
		case !created:
			return "found " + p.queueName(info.ID)
		}
		p.queues[name] = append(p.queues[name], info.ID)
		return "created"
	}}
}

// lookup tells which instance has the name.
func lookup(name string) action {
	return action{"look up " + name, func(p *play) string {
		info, err := p.engine.LookupQueue(p.t.Context(), name)
		if err != nil {
			return failure(err)
		}
		return p.queueName(info.ID)
	}}
}

// describe tells the name, and when the queue was created and modified.
func describe(q string) action {
	return action{"describe " + q, func(p *play) string {
		info, err := p.engine.Queue(p.t.Context(), p.queue(q))
		if err != nil {
			return failure(err)
		}
		return fmt.Sprintf("%s created %s modified %s", info.Name, p.instant(info.CreatedAt), p.instant(info.ModifiedAt))
	}}
}

// queues lists names.
func queues(prefix, after string, limit int) action {
	return action{fmt.Sprintf("list %d queues %q after %q", limit, prefix, after), func(p *play) string {
		infos, err := p.engine.ListQueues(p.t.Context(), prefix, after, limit)
		if err != nil {
			return failure(err)
		}
		var names []string
		for _, info := range infos {
			names = append(names, info.Name)
		}
		return words(names)
	}}
}

func set(q string, patch driver.Patch) action {
	return action{"set attributes of " + q, func(p *play) string {
		info, err := p.engine.SetAttributes(p.t.Context(), p.now, p.queue(q), patch)
		if err != nil {
			return failure(err)
		}
		again, err := p.engine.Queue(p.t.Context(), p.queue(q))
		p.must(err)
		if !sameQueue(info, again) || info.ID != again.ID {
			return fmt.Sprintf("%+v, but the queue is described as %+v", info, again)
		}
		return "ok"
	}}
}

func drop(q string) action {
	return action{"delete queue " + q, func(p *play) string {
		if err := p.engine.DeleteQueue(p.t.Context(), p.queue(q)); err != nil {
			return failure(err)
		}
		return "ok"
	}}
}

// send answers with the name of each new message, and "=a" for a duplicate of a.
func send(q string, messages ...driver.Message) action {
	return action{fmt.Sprintf("send %d messages to %s", len(messages), q), func(p *play) string {
		results, err := p.engine.Send(p.t.Context(), p.now, p.queue(q), messages)
		if err != nil {
			return failure(err)
		}
		if len(results) != len(messages) {
			return fmt.Sprintf("%d results for %d messages", len(results), len(messages))
		}
		var answers []string
		for i, r := range results {
			answers = append(answers, p.sent(messages[i], r))
		}
		return words(answers)
	}}
}

func (p *play) sent(m driver.Message, r driver.SendResult) string {
	switch r.Outcome {
	case driver.Sent:
		return p.learn(string(m.Body), r.ID)
	case driver.Duplicate:
		return "=" + p.nameOf(r.ID)
	case driver.TooLarge:
		return "too-large"
	case driver.QueueFull:
		return "full"
	}
	return fmt.Sprintf("outcome(%d)", r.Outcome)
}

// texts sends messages that are nothing but their bodies.
func texts(q string, bodies ...string) action {
	var messages []driver.Message
	for _, body := range bodies {
		messages = append(messages, msg(body))
	}
	return send(q, messages...)
}

// receive answers with the deliveries, and with what was dead-lettered.
func receive(q string, limit int) action { return receiving(q, driver.Receive{Max: limit}) }

// receiveFor is a receive with a visibility timeout of its own.
func receiveFor(q string, limit int, visibility time.Duration) action {
	return receiving(q, driver.Receive{Max: limit, Visibility: &visibility})
}

func receiving(q string, r driver.Receive) action {
	return action{fmt.Sprintf("receive %d from %s", r.Max, q), func(p *play) string {
		received, err := p.engine.Receive(p.t.Context(), p.now, p.queue(q), r)
		p.received = received
		if err != nil {
			return failure(err)
		}
		var answers []string
		for _, d := range received.Deliveries {
			answers = append(answers, p.delivered(d))
		}
		text := words(answers)
		if received.DeadLettered > 0 {
			text += fmt.Sprintf(", %d dead-lettered to %s", received.DeadLettered, p.queueName(received.Target))
		}
		if received.Stranded > 0 {
			text += fmt.Sprintf(", %d stranded", received.Stranded)
		}
		return text
	}}
}

// next tells NextAt of the latest receive.
func next() action {
	return action{"NextAt of the receive", func(p *play) string { return p.instant(p.received.NextAt) }}
}

func remove(q string, receipts ...string) action {
	return action{"delete " + words(receipts) + " in " + q, func(p *play) string {
		var opened []driver.Receipt
		for _, ref := range receipts {
			opened = append(opened, p.receipt(ref))
		}
		return p.removed(q, opened)
	}}
}

func (p *play) removed(q string, receipts []driver.Receipt) string {
	results, err := p.engine.Delete(p.t.Context(), p.now, p.queue(q), receipts)
	if err != nil {
		return failure(err)
	}
	if len(results) != len(receipts) {
		return fmt.Sprintf("%d results for %d receipts", len(results), len(receipts))
	}
	var answers []string
	for _, r := range results {
		answers = append(answers, deletion(r))
	}
	return words(answers)
}

func deletion(r driver.DeleteResult) string {
	standing := named(standingTexts, r.Standing)
	switch r.Outcome {
	case driver.Deleted:
		return "deleted:" + standing
	case driver.AlreadyGone:
		return strings.TrimRight("gone:"+standing, ":")
	case driver.DeleteRefusedLate:
		return "refused-late:" + standing
	case driver.DeleteRefusedSuperseded:
		return "refused-superseded:" + standing
	}
	return fmt.Sprintf("outcome(%d)", r.Outcome)
}

func change(q string, timeout time.Duration, receipts ...string) action {
	return changing(q, fmt.Sprintf("change visibility to %v", timeout), driver.Change{Timeout: timeout}, receipts)
}

// uncount gives a delivery back as if it had never been.
func uncount(q string, receipts ...string) action {
	return changing(q, "take back", driver.Change{Uncount: true}, receipts)
}

func changing(q, text string, c driver.Change, receipts []string) action {
	return action{text + " of " + words(receipts) + " in " + q, func(p *play) string {
		var changes []driver.Change
		for _, ref := range receipts {
			c.Receipt = p.receipt(ref)
			changes = append(changes, c)
		}
		return p.changed(q, changes)
	}}
}

func (p *play) changed(q string, changes []driver.Change) string {
	outcomes, err := p.engine.ChangeVisibility(p.t.Context(), p.now, p.queue(q), changes)
	if err != nil {
		return failure(err)
	}
	if len(outcomes) != len(changes) {
		return fmt.Sprintf("%d results for %d changes", len(outcomes), len(changes))
	}
	var answers []string
	for _, outcome := range outcomes {
		answers = append(answers, named(changeTexts, outcome))
	}
	return words(answers)
}

func cancel(q string, messages ...string) action {
	return action{"cancel " + words(messages) + " in " + q, func(p *play) string {
		var ids []driver.MessageID
		for _, name := range messages {
			ids = append(ids, p.id(name))
		}
		outcomes, err := p.engine.Cancel(p.t.Context(), p.now, p.queue(q), ids)
		if err != nil {
			return failure(err)
		}
		if len(outcomes) != len(ids) {
			return fmt.Sprintf("%d results for %d messages", len(outcomes), len(ids))
		}
		var answers []string
		for _, outcome := range outcomes {
			answers = append(answers, named(cancelTexts, outcome))
		}
		return words(answers)
	}}
}

func purge(q string) action {
	return action{"purge " + q, func(p *play) string {
		n, err := p.engine.Purge(p.t.Context(), p.now, p.queue(q))
		if err != nil {
			return failure(err)
		}
		return strconv.Itoa(n)
	}}
}

// peek answers with the names of the messages.
func peek(q string, limit int) action {
	return action{fmt.Sprintf("peek at %d of %s", limit, q), func(p *play) string {
		infos, err := p.engine.Peek(p.t.Context(), p.now, p.queue(q), limit)
		if err != nil {
			return failure(err)
		}
		var names []string
		for _, info := range infos {
			names = append(names, p.nameOf(info.ID))
		}
		return words(names)
	}}
}

// list answers with the name of each message, its state and when that began or
// ends: "a:visible:0s b:in-flight:30s".
func list(q string) action {
	return action{"list " + q, func(p *play) string {
		infos, err := p.engine.List(p.t.Context(), p.now, p.queue(q), 0, 1000)
		if err != nil {
			return failure(err)
		}
		var answers []string
		for _, info := range infos {
			state := strings.ReplaceAll(info.State.String(), " ", "-")
			answers = append(answers, fmt.Sprintf("%s:%s:%s", p.nameOf(info.ID), state, p.instant(info.VisibleAt)))
		}
		return words(answers)
	}}
}

// history answers with what a message remembers.
func history(q, name string) action {
	return action{"history of " + name + " in " + q, func(p *play) string {
		infos, err := p.engine.List(p.t.Context(), p.now, p.queue(q), 0, 1000)
		if err != nil {
			return failure(err)
		}
		for _, info := range infos {
			if p.nameOf(info.ID) == name {
				return p.remembered(info)
			}
		}
		return "not listed"
	}}
}

func (p *play) remembered(info driver.Info) string {
	text := fmt.Sprintf("sent %s first %s received %d", p.instant(info.SentAt), p.instant(info.FirstReceivedAt), info.ReceiveCount)
	if info.Origin != (driver.QueueRef{}) {
		text += " from " + info.Origin.Name
		if found := p.queueName(info.Origin.ID); found != info.Origin.Name {
			text += " which is " + found
		}
	}
	return text
}

// stats answers with the numbers of visible, delayed and in flight messages.
func stats(q string) action {
	return counting(q, func(s driver.Stats) string {
		return fmt.Sprintf("%d/%d/%d", s.Visible.Messages, s.Delayed.Messages, s.InFlight.Messages)
	})
}

// ages answers with the ages of the oldest in those states.
func ages(q string) action {
	return counting(q, func(s driver.Stats) string {
		return fmt.Sprintf("%v/%v/%v", s.Visible.Age, s.Delayed.Age, s.InFlight.Age)
	})
}

func size(q string) action {
	return counting(q, func(s driver.Stats) string { return strconv.FormatInt(s.Bytes, 10) })
}

func remembered(q string) action {
	return counting(q, func(s driver.Stats) string { return strconv.Itoa(s.DeduplicationIDs) })
}

func counting(q string, tell func(driver.Stats) string) action {
	return action{"stats of " + q, func(p *play) string {
		s, err := p.engine.Stats(p.t.Context(), p.now, p.queue(q))
		if err != nil {
			return failure(err)
		}
		return tell(s)
	}}
}

// named is the text of a value whose texts are listed.
func named[T ~uint8](texts []string, value T) string {
	if int(value) < len(texts) {
		return texts[value]
	}
	return fmt.Sprintf("value(%d)", value)
}
