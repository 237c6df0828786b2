package script

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redriveq/redrive/queue"
)

const (
	timeOfDay = "15:04:05.999999999"
	longest   = 40 // bytes of a body that are shown
)

// instant shows an instant, without the date if that is the present one.
func (p *Player) instant(at time.Time) string {
	at = at.UTC()
	if at.Format(time.DateOnly) == p.now.UTC().Format(time.DateOnly) {
		return at.Format(timeOfDay)
	}
	return at.Format(time.RFC3339Nano)
}

// parseInstant reads an instant, which has no date if it is on the present day
// of the clock.
func (p *Player) parseInstant(text string) (time.Time, error) {
	if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return at, nil
	}
	at, err := time.Parse(time.DateOnly+" "+timeOfDay, p.Now().Format(time.DateOnly)+" "+text)
	if err != nil {
		return at, errors.New("want an instant like 2030-01-01T00:00:05Z, or 00:00:05")
	}
	return at, nil
}

// title returns the name and the body of a message.
func (p *Player) title(m queue.Info) string {
	title := fmt.Sprintf("%q", m.Body)
	if len(m.Body) > longest {
		title = fmt.Sprintf("%d bytes", len(m.Body))
	}
	if name := p.names[m.ID]; name != "" {
		return name + " " + title
	}
	return title
}

// showInfos reports messages that were looked at, and returns err.
func (p *Player) showInfos(infos []queue.Info, err error) error {
	for _, m := range infos {
		p.say("%d: %s sent %s %s receives %d%s%s",
			m.Sequence, p.title(m), p.instant(m.SentAt), p.place(m), m.ReceiveCount, p.first(m), p.showExtras(m))
	}
	if len(infos) == 0 && err == nil {
		p.say("nothing")
	}
	return err
}

func (p *Player) place(m queue.Info) string {
	if m.State == queue.Visible {
		return "visible since " + p.instant(m.VisibleAt)
	}
	return m.State.String() + " until " + p.instant(m.VisibleAt)
}

func (p *Player) first(m queue.Info) string {
	if m.FirstReceivedAt.IsZero() {
		return ""
	}
	return " first received " + p.instant(m.FirstReceivedAt)
}

// showExtras returns what most messages do not have.
func (p *Player) showExtras(m queue.Info) string {
	var b strings.Builder
	if m.Group != "" {
		b.WriteString(" group " + asWord(m.Group))
	}
	if m.DeduplicationID != "" && m.Schedule == (queue.ScheduleID{}) { // those of occurrences are random
		b.WriteString(" dedup " + asWord(m.DeduplicationID))
	}
	for _, name := range slices.Sorted(maps.Keys(m.Attributes)) {
		fmt.Fprintf(&b, " attr:%s=%s", name, showValue(m.Attributes[name]))
	}
	if m.Origin != (queue.QueueRef{}) {
		fmt.Fprintf(&b, " from %s", m.Origin.Name)
	}
	if m.Schedule != (queue.ScheduleID{}) {
		fmt.Fprintf(&b, " of %s at %s", p.scheduleName(m.Schedule), p.instant(m.NominalAt))
	}
	return b.String()
}

// asWord returns text as a script has it, in quotes if it must be.
func asWord(text string) string {
	if quoted := strconv.Quote(text); strings.ContainsAny(text, " =") || quoted != `"`+text+`"` {
		return quoted
	}
	return text
}

func showValue(v queue.Value) string {
	kind := v.Kind.String()
	if v.Label != "" {
		kind += "." + v.Label
	}
	return fmt.Sprintf("%s:%q", kind, v.Data)
}

func showCount(c queue.Count) string {
	if c.Messages == 0 {
		return "0"
	}
	return fmt.Sprintf("%d (oldest %s)", c.Messages, showSpan(c.Age))
}

func showDelete(r queue.DeleteResult) string {
	answer := "deleted"
	if err := r.Err(); err != nil {
		answer = "not deleted: " + err.Error()
	}
	if r.Standing != 0 {
		answer += " (" + standings[r.Standing] + ")"
	}
	return answer
}

func showChange(done string, r queue.ChangeResult) string {
	if err := r.Err(); err != nil {
		return "not " + done + ": " + err.Error()
	}
	return done
}

var standings = map[queue.Standing]string{
	queue.Current:    "current",
	queue.Late:       "late",
	queue.Superseded: "superseded",
}

var cancelOutcomes = map[queue.CancelOutcome]string{
	queue.Cancelled:       "cancelled",
	queue.CancelInFlight:  "too late, in flight",
	queue.CancelDelivered: "too late, delivered before",
	queue.CancelGone:      "too late, gone",
	queue.CancelUnknown:   "unknown",
}
