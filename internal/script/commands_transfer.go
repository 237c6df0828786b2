package script

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/redriveq/redrive/queue"
)

// all is how many messages one step transfers or restores at the most, and how
// many it looks at.
const all = 10_000

func (p *Player) playTransfer(a *arguments) error {
	from, to, as := a.word("queue"), a.word("destination"), a.text("as")
	t := queue.Transfer{
		Filter: a.filter(),
		Max:    orElse(a.number("max"), all),
		Look:   all,
		AtOnce: orElse(take(a, "at-once", strconv.ParseBool), false),
		DryRun: orElse(take(a, "dry", strconv.ParseBool), false),
	}
	if as == "" {
		as = "x"
	}
	if err := a.end(); err != nil {
		return err
	}
	return p.of(from, func(ctx context.Context, q *queue.Queue) error {
		destination, err := p.queue(to)
		if err != nil {
			return err
		}
		t.Task, t.From, t.To = p.transferTask(as), q.ID(), destination.ID()
		got, err := p.broker.Transfer(ctx, t)
		if err != nil {
			return err
		}
		home := 0
		for _, m := range got.Messages {
			if m.Home {
				home++
			}
		}
		text := listCounts(got.Done, []count{{len(got.Messages) - home, "transferred"}, {home, "restored"}})
		if t.DryRun {
			text = "would be " + text
		}
		if got.Full {
			text += ", no room for the next"
		}
		p.say("%s: %s", as, text)
		return nil
	})
}

// transferTask returns the ID of the transfer that has that name.
func (p *Player) transferTask(name string) queue.TaskID {
	id, ok := p.tasks[name]
	if !ok {
		id = queue.TaskID{15: byte(len(p.tasks) + 1), 0: 0xff}
		p.tasks[name], p.taskNames[id] = id, name
	}
	return id
}

func (p *Player) playRestore(a *arguments) error {
	from, due := a.word("queue"), a.text("due")
	r := queue.Restore{Max: orElse(a.number("max"), all), Look: all, DueNow: due == "now"}
	if due != "" && due != "now" {
		a.note(fmt.Errorf("due=%s: want now, or no due=", due))
	}
	if name, set := a.options["task"]; set {
		delete(a.options, "task")
		if r.Task, set = p.tasks[name]; !set {
			a.note(fmt.Errorf("%q is no name of a transfer", name))
		}
	}
	for len(a.words) > 0 {
		word := a.word("message")
		id, ok := p.messages[word]
		if !ok {
			a.note(fmt.Errorf("%q is no name of a message", word))
		}
		r.Messages = append(r.Messages, id)
	}
	if err := a.end(); err != nil {
		return err
	}
	return p.of(from, func(ctx context.Context, q *queue.Queue) error {
		r.From = q.ID()
		got, err := p.broker.Restore(ctx, r)
		if err != nil {
			return err
		}
		p.say("%s", listCounts(got.Done, []count{
			{len(got.Messages), "restored"}, {got.InFlight, "in flight"}, {got.NoHome, "without a home"}, {got.NoRoom, "without room at home"},
		}))
		return nil
	})
}

// A count is of something.
type count struct {
	n  int
	of string
}

// listCounts returns the first of the counts, the others that are not zero, and
// whether anything is left to look at.
func listCounts(done bool, counts []count) string {
	var texts []string
	for i, c := range counts {
		if i == 0 || c.n > 0 {
			texts = append(texts, fmt.Sprintf("%d %s", c.n, c.of))
		}
	}
	if !done {
		texts = append(texts, "more to look at")
	}
	return strings.Join(texts, ", ")
}
