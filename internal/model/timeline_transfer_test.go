package model_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/redriveq/redrive/queue/driver"
)

// Tasks of transfers. An answer shows the first byte.
var (
	task1 = driver.TaskID{1}
	task2 = driver.TaskID{2}
)

// transferTo transfers to a queue by task1, if no other is said, and without a
// bound.
func transferTo(to string, t driver.Transfer) call {
	t.Max, t.Look = 1000, 1000
	return transferSome(to, t)
}

// transferSome transfers within the bounds that t says.
func transferSome(to string, t driver.Transfer) call {
	return func(r *rig) string {
		t.From, t.To = r.id(), r.queues[to]
		if t.Task == (driver.TaskID{}) {
			t.Task = task1
		}
		result, err := r.Transfer(context.Background(), r.now, t)
		if err != nil {
			return text(err)
		}
		answer := r.rebinds(result.Messages) + progress(result.Progress)
		if result.Full {
			answer += " full"
		}
		return answer
	}
}

// restore restores without a bound.
func restore(ask driver.Restore) call {
	ask.Max, ask.Look = 1000, 1000
	return restoreSome(ask)
}

// restoreSome restores within the bounds that the request says.
func restoreSome(ask driver.Restore) call {
	return func(r *rig) string {
		ask.From = r.id()
		result, err := r.Restore(context.Background(), r.now, ask)
		if err != nil {
			return text(err)
		}
		answer := r.rebinds(result.Messages) + progress(result.Progress)
		for word, count := range map[string]int{"in flight": result.InFlight, "no home": result.NoHome, "no room": result.NoRoom} {
			if count > 0 {
				answer += fmt.Sprintf(" %s:%d", word, count)
			}
		}
		return answer
	}
}

// restoreNamed restores the messages of those bodies.
func restoreNamed(bodies ...string) call {
	return func(r *rig) string {
		ids := []driver.MessageID{}
		for _, body := range bodies {
			ids = append(ids, r.messages[body])
		}
		return restore(driver.Restore{Messages: ids})(r)
	}
}

// rebinds answers each message with the queues that it left and reached, with
// "home" for one that is back.
func (r *rig) rebinds(rebinds []driver.Rebind) string {
	answer := ""
	for _, rebind := range rebinds {
		for body, id := range r.messages {
			if id == rebind.ID {
				answer += body
			}
		}
		if rebind.From != (driver.QueueRef{ID: r.id(), Name: r.queue}) {
			answer += fmt.Sprintf(" from %v", rebind.From)
		}
		answer += ">" + rebind.To.Name
		if rebind.To.Name != "" && rebind.To.ID != r.queues[rebind.To.Name] {
			answer += fmt.Sprint(rebind.To.ID)
		}
		if rebind.Home {
			answer += " home"
		}
		answer += ", "
	}
	return answer
}

// progress answers the last sequence that was looked at and the last to look
// at.
func progress(p driver.Progress) string {
	answer := fmt.Sprintf("%d/%d", p.Last, p.UpTo)
	if p.Done {
		answer += " done"
	}
	return answer
}

// receiveTransfers answers the bodies with their receive counts and ledgers.
func receiveTransfers(most int) call {
	return func(r *rig) string {
		received, ledgers, err := r.ReceiveTransfers(context.Background(), r.now, r.id(), driver.Receive{Max: most})
		if err != nil {
			return text(err)
		}
		if len(ledgers) != len(received.Deliveries) {
			return fmt.Sprintf("%d ledgers of %d messages", len(ledgers), len(received.Deliveries))
		}
		var words []string
		for i, d := range received.Deliveries {
			body := string(d.Body)
			r.receipts[body] = append(r.receipts[body], d.Receipt)
			words = append(words, fmt.Sprintf("%s#%d (%s)", body, d.ReceiveCount, r.ledger(ledgers[i])))
		}
		return strings.Join(words, " ")
	}
}

func (r *rig) ledger(l driver.Ledger) string {
	if l == (driver.Ledger{}) {
		return "none"
	}
	return fmt.Sprintf("task %d, %s, visible %s, #%d, retained from %s, %d hops",
		l.Task[0], l.Home.Name, r.since(l.VisibleAt), l.ReceiveCount, r.since(l.RetainFrom), l.Hops)
}

// underTransfer answers how many messages can be restored.
func underTransfer() call {
	return func(r *rig) string {
		c, err := r.Stats(context.Background(), r.now, r.id())
		if err != nil {
			return text(err)
		}
		return fmt.Sprint(c.UnderTransfer)
	}
}

// arrival is an arrival with a body and a key, which is remembered for a minute.
func arrival(body, key string) driver.Arrival {
	return driver.Arrival{Message: message(body), Key: key, Remember: m}
}

func accept(arrivals ...driver.Arrival) call {
	return func(r *rig) string {
		results, err := r.Accept(context.Background(), r.now, r.id(), arrivals)
		if err != nil {
			return text(err)
		}
		var words []string
		for i, result := range results {
			words = append(words, r.sent(string(arrivals[i].Body), result))
		}
		return strings.Join(words, " ")
	}
}
