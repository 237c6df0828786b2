package script

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redriveq/redrive/queue"
)

func (p *Player) playSchedule(a *arguments) error {
	name, body := a.word("queue"), a.word("body")
	s := queue.Schedule{
		Name: a.text("name"),
		Message: queue.Message{
			Body:       []byte(body),
			Attributes: a.values(),
			Group:      a.text("group"),
			Delay:      a.span("delay"),
		},
		Recurrence: queue.Recurrence{
			First: orElse(take(a, "first", p.parseInstant), time.Time{}),
			Every: orElse(a.span("every"), 0),
			Cron:  a.text("cron"),
			Zone:  a.text("zone"),
			Until: orElse(take(a, "until", p.parseInstant), time.Time{}),
			Count: orElse(a.number("count"), 0),
		},
		Misfire: orElse(take(a, "misfire", parseMisfire), queue.MisfireOnce),
	}
	as := a.text("as")
	if as == "" {
		as = s.Name
	}
	if err := a.end(); err != nil {
		return err
	}
	return p.of(name, func(ctx context.Context, q *queue.Queue) error {
		info, err := q.Schedule(ctx, s)
		if err != nil {
			return err
		}
		if as != "" {
			p.schedules[as], p.scheduleNames[info.ID] = info.ID, as
		}
		p.say("%s: next %s", p.scheduleName(info.ID), p.instant(info.NextAt))
		return nil
	})
}

func parseMisfire(text string) (queue.Misfire, error) {
	for _, policy := range []queue.Misfire{queue.MisfireOnce, queue.MisfireSkip, queue.MisfireAll} {
		if policy.String() == text {
			return policy, nil
		}
	}
	return 0, errors.New("want once, skip or all")
}

func (p *Player) scheduleName(id queue.ScheduleID) string {
	if name := p.scheduleNames[id]; name != "" {
		return name
	}
	return "a schedule without a name"
}

func (p *Player) playCancelSchedule(a *arguments) error {
	words := a.rest("schedule")
	if err := a.end(); err != nil {
		return err
	}
	ids := make([]queue.ScheduleID, len(words))
	for i, word := range words {
		id, ok := p.schedules[word]
		if !ok {
			var err error
			if id, err = queue.ParseScheduleID(word); err != nil {
				return fmt.Errorf("%q is no name and no ID of a schedule", word)
			}
		}
		ids[i] = id
	}
	b, err := p.open()
	if err != nil {
		return err
	}
	cancels, err := b.CancelSchedules(context.Background(), ids)
	for i, c := range cancels {
		p.say("%s: %v, %d published", words[i], c.Outcome, c.Info.Published)
	}
	return err
}

func (p *Player) playSchedules(a *arguments) error {
	if err := a.end(); err != nil {
		return err
	}
	b, err := p.open()
	if err != nil {
		return err
	}
	none := true
	for info, err := range b.Schedules(context.Background()) {
		if err != nil {
			return err
		}
		p.say("%s: %s", p.scheduleName(info.ID), p.showSchedule(info))
		none = false
	}
	if none {
		p.say("nothing")
	}
	return nil
}

// showSchedule returns a schedule as it stands.
func (p *Player) showSchedule(info queue.ScheduleInfo) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v", info.State)
	if info.Failure != 0 {
		fmt.Fprintf(&b, " (%v)", info.Failure)
	}
	fmt.Fprintf(&b, " %s %q published %d", info.Queue.Name, info.Schedule.Message.Body, info.Published)
	if info.Skips > 0 {
		fmt.Fprintf(&b, " skips %d", info.Skips)
	}
	if info.Refused > 0 {
		fmt.Fprintf(&b, " refused %d", info.Refused)
	}
	if !info.LastAt.IsZero() {
		b.WriteString(" last " + p.instant(info.LastAt))
	}
	if !info.NextAt.IsZero() {
		b.WriteString(" next " + p.instant(info.NextAt))
	}
	return b.String()
}
