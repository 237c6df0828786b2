package script

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/redriveq/redrive/queue"
)

func (p *Player) playSend(a *arguments) error {
	name, bodies, as := a.word("queue"), a.rest("body"), a.text("as")
	m := queue.Message{
		Attributes:      a.values(),
		Group:           a.text("group"),
		DeduplicationID: a.text("dedup"),
		Delay:           a.span("delay"),
		At:              orElse(take(a, "at", p.parseInstant), time.Time{}),
	}
	size := orElse(a.number("size"), 0)
	if err := a.end(); err != nil {
		return err
	}
	messages := make([]queue.Message, len(bodies))
	for i, body := range bodies {
		messages[i] = m
		messages[i].Body = []byte(body + strings.Repeat(".", max(size-len(body), 0)))
	}
	return p.of(name, func(ctx context.Context, q *queue.Queue) error {
		results, err := q.SendMany(ctx, messages)
		for i, r := range results {
			p.sent(numbered(as, len(messages) > 1, i), r)
		}
		return err
	})
}

// sent reports what became of a message that was sent, and names it.
func (p *Player) sent(name string, r queue.SendResult) {
	label := name
	if label != "" {
		label += ": "
	}
	switch {
	case r.Err != nil:
		p.say("%serror: %v", label, r.Err)
	case r.Duplicate:
		p.say("%sduplicate of %s, sequence %d", label, p.nameOf(r.ID), r.Sequence)
	default:
		p.say("%ssequence %d", label, r.Sequence)
		p.nameMessage(name, r.ID)
	}
}

func (p *Player) nameMessage(name string, id queue.MessageID) {
	if name != "" {
		p.messages[name], p.names[id] = id, name
	}
}

func (p *Player) nameOf(id queue.MessageID) string {
	if name := p.names[id]; name != "" {
		return name
	}
	return "a message without a name"
}

// numbered returns the name of the entry of that index, from 0.
func numbered(name string, several bool, index int) string {
	if name == "" || !several {
		return name
	}
	return fmt.Sprintf("%s%d", name, index+1)
}

func (p *Player) playCancel(a *arguments) error {
	name, words := a.word("queue"), a.rest("message")
	if err := a.end(); err != nil {
		return err
	}
	ids := make([]queue.MessageID, len(words))
	for i, word := range words {
		id, ok := p.messages[word]
		if !ok {
			var err error
			if id, err = queue.ParseMessageID(word); err != nil {
				return fmt.Errorf("%q is no name and no ID of a message", word)
			}
		}
		ids[i] = id
	}
	return p.of(name, func(ctx context.Context, q *queue.Queue) error {
		outcomes, err := q.CancelMany(ctx, ids)
		for i, outcome := range outcomes {
			p.say("%s: %s", words[i], cancelOutcomes[outcome])
		}
		return err
	})
}

func (p *Player) playPeek(a *arguments) error {
	name, most := a.word("queue"), orElse(a.number("max"), 100)
	if err := a.end(); err != nil {
		return err
	}
	return p.of(name, func(ctx context.Context, q *queue.Queue) error {
		infos, err := q.Peek(ctx, most)
		return p.showInfos(infos, err)
	})
}

func (p *Player) playList(a *arguments) error {
	name, after, most := a.word("queue"), a.number("after"), a.number("max")
	if err := a.end(); err != nil {
		return err
	}
	if after != nil && *after < 0 {
		return errors.New("after= is a sequence")
	}
	return p.of(name, func(ctx context.Context, q *queue.Queue) error {
		if after == nil && most == nil {
			return p.showInfos(collect(q.Messages(ctx)))
		}
		infos, err := q.List(ctx, uint64(orElse(after, 0)), orElse(most, 100))
		return p.showInfos(infos, err)
	})
}

// collect returns what a listing yields, up to its error.
func collect(listing iter.Seq2[queue.Info, error]) (infos []queue.Info, err error) {
	for info, err := range listing {
		if err != nil {
			return infos, err
		}
		infos = append(infos, info)
	}
	return infos, nil
}

func (p *Player) playReceive(a *arguments) error {
	name := a.word("queue")
	o := &queue.ReceiveOptions{Visibility: a.span("visibility"), Wait: a.span("wait")}
	as, most := a.text("as"), a.number("max")
	if err := a.end(); err != nil {
		return err
	}
	o.Max = orElse(most, 0)
	return p.of(name, func(_ context.Context, q *queue.Queue) error {
		return p.receive(&background{name: orDefault(as), numbered: most != nil, queue: q}, o)
	})
}

// orDefault returns the name of a receive that is given none.
func orDefault(as string) string {
	if as == "" {
		return "r"
	}
	return as
}

// report says what a receive got.
func (p *Player) report(b *background, r received) {
	at := ""
	if p.moving {
		at = "at " + p.instant(p.now) + ", "
	}
	switch {
	case r.err != nil:
		p.say("%s%s: error: %v", at, b.name, r.err)
	case len(r.deliveries) == 0:
		p.say("%s%s: nothing", at, b.name)
	}
	for i, d := range r.deliveries {
		p.delivered(at, numbered(b.name, b.numbered, i), d)
	}
}

// delivered reports a delivery and names its receipt.
func (p *Player) delivered(at, name string, d queue.Delivery) {
	p.receipts[name] = d.Receipt
	p.say("%s%s: %s receives %d fence %d visible %s%s",
		at, name, p.title(d.Info), d.ReceiveCount, d.Fence, p.instant(d.VisibleAt), p.showExtras(d.Info))
}

func (p *Player) playDeliveries(a *arguments) error {
	name, as := a.word("queue"), orDefault(a.text("as"))
	o := &queue.ReceiveOptions{Visibility: a.span("visibility"), Max: orElse(a.number("max"), 0), Wait: new(time.Duration)}
	most := a.number("take")
	if err := a.end(); err != nil {
		return err
	}
	return p.of(name, func(ctx context.Context, q *queue.Queue) error {
		taken := 0
		for d, err := range q.Deliveries(ctx, o) {
			if err != nil {
				return err
			}
			p.delivered("", numbered(as, true, taken), d)
			taken++
			if most != nil && taken >= *most {
				break
			}
		}
		return nil
	})
}

// handles returns the receipts that the words name.
func (p *Player) handles(words []string) []string {
	receipts := make([]string, len(words))
	for i, word := range words {
		receipts[i] = word
		if receipt, ok := p.receipts[word]; ok {
			receipts[i] = receipt
		}
	}
	return receipts
}

func (p *Player) playDelete(a *arguments) error {
	name, words := a.word("queue"), a.rest("receipt")
	if err := a.end(); err != nil {
		return err
	}
	return p.of(name, func(ctx context.Context, q *queue.Queue) error {
		results, err := q.DeleteMany(ctx, p.handles(words))
		for i, r := range results {
			p.say("%s: %s", words[i], showDelete(r))
		}
		return err
	})
}

func (p *Player) playChange(a *arguments) error {
	name, words, timeout := a.word("queue"), a.rest("receipt"), a.span("timeout")
	if timeout == nil {
		a.note(errors.New("timeout= is missing"))
	}
	if err := a.end(); err != nil {
		return err
	}
	changes := make([]queue.VisibilityChange, len(words))
	for i, receipt := range p.handles(words) {
		changes[i] = queue.VisibilityChange{Receipt: receipt, Timeout: *timeout}
	}
	return p.of(name, func(ctx context.Context, q *queue.Queue) error {
		results, err := q.ChangeVisibilityMany(ctx, changes)
		for i, r := range results {
			p.say("%s: %s", words[i], showChange("changed", r))
		}
		return err
	})
}

func (p *Player) playRelease(a *arguments) error {
	name, words := a.word("queue"), a.rest("receipt")
	if err := a.end(); err != nil {
		return err
	}
	return p.of(name, func(ctx context.Context, q *queue.Queue) error {
		results, err := q.ReleaseMany(ctx, p.handles(words))
		for i, r := range results {
			p.say("%s: %s", words[i], showChange("released", r))
		}
		return err
	})
}
