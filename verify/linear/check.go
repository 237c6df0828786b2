package linear

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

// A Verdict says what the checker found.
type Verdict struct {
	Operations  int
	Overlapping int // of them, those during which another one began
	Partitions  int
	TimeOuts    int    // partitions that took too long: nothing is known of them
	Violation   string // the first partition that is not linearizable, or ""
}

// patience is how long one partition may take.
const patience = time.Minute

// CheckMessages checks spec A.
func (h *History) CheckMessages() Verdict {
	return check(messageModel(&h.Attributes), h.messages())
}

// CheckQueue checks spec B.
func (h *History) CheckQueue() Verdict {
	return check(queueModel(&h.Attributes), [][]porcupine.Operation{h.Operations})
}

func check(model porcupine.Model, parts [][]porcupine.Operation) (v Verdict) {
	for _, part := range parts {
		slices.SortFunc(part, func(x, y porcupine.Operation) int { return cmp.Compare(x.Call, y.Call) })
		v.Operations += len(part)
		v.Overlapping += overlapping(part)
		v.Partitions++
		switch porcupine.CheckOperationsTimeout(model, part, patience) {
		case porcupine.Unknown:
			v.TimeOuts++
		case porcupine.Illegal:
			if v.Violation == "" {
				v.Violation = explain(model, part)
			}
		}
	}
	return v
}

// Add adds up what two checks found.
func (v *Verdict) Add(o Verdict) {
	v.Operations += o.Operations
	v.Overlapping += o.Overlapping
	v.Partitions += o.Partitions
	v.TimeOuts += o.TimeOuts
	if v.Violation == "" {
		v.Violation = o.Violation
	}
}

// overlapping counts the operations, which are sorted by when they began, that
// overlap the one before.
func overlapping(part []porcupine.Operation) (n int) {
	until := int64(-1)
	for _, o := range part {
		if o.Call < until {
			n++
		}
		until = max(until, o.Return)
	}
	return n
}

// explain tells the history, the longest order of its operations that is legal,
// and what does not fit after that.
func explain(model porcupine.Model, part []porcupine.Operation) string {
	_, info := porcupine.CheckOperationsVerbose(model, part, patience)
	var longest []porcupine.Operation
	for _, legal := range info.PartialLinearizationsOperations()[0] {
		if len(legal) > len(longest) {
			longest = legal
		}
	}
	var text strings.Builder
	fmt.Fprintf(&text, "no order of these %d operations is legal. The longest legal beginning:\n", len(part))
	for _, o := range longest {
		text.WriteString(tell(o))
	}
	text.WriteString("what is left:\n")
	for _, o := range part {
		if !slices.ContainsFunc(longest, func(l porcupine.Operation) bool { return l.Call == o.Call }) {
			text.WriteString(tell(o))
		}
	}
	return text.String()
}

func tell(o porcupine.Operation) string {
	answer := fmt.Sprintf("%+v", o.Output)
	if call, ok := o.Input.(Call); ok {
		answer = o.Output.(Answer).tell(call.Op)
	}
	return fmt.Sprintf("  [%d, %d] client %d: %v -> %s\n", o.Call, o.Return, o.ClientId, o.Input, answer)
}
