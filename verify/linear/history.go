package linear

import (
	"fmt"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/redriveq/redrive/queue"
)

// An Op is a kind of call.
type Op uint8

// The kinds of call.
const (
	Send Op = iota + 1
	Receive
	Delete
	Change
	Release
	Cancel
	Purge
	Stats
	Peek
)

var opNames = [...]string{Send: "send", Receive: "receive", Delete: "delete", Change: "change",
	Release: "release", Cancel: "cancel", Purge: "purge", Stats: "stats", Peek: "peek"}

// String returns the name of the kind.
func (o Op) String() string { return opNames[o] }

// A Call is what a client asked for.
type Call struct {
	Op      Op
	At      time.Duration // since the clock's start
	Max     int           // of a receive or peek
	Timeout time.Duration // of a receive
	Entries []Entry       // one for each message of a send, delete, change, release or cancel
}

// An Entry is the part of a call that concerns one message.
type Entry struct {
	ID      queue.MessageID
	Fence   uint64        // of the delivery whose receipt is used
	Timeout time.Duration // the delay of a send, or the new timeout of a change
	Group   string
}

// An Answer is what the client got.
type Answer struct {
	Results []Result // one for each entry, or for each message received or peeked at
	AtLimit bool     // a receive failed with ErrInFlightLimit
	Count   int      // removed by a purge
	Stats   [3]int   // messages visible, delayed, in flight
}

// A Result is the part of an answer that concerns one message.
type Result struct {
	ID        queue.MessageID
	Sequence  uint64
	Fence     uint64
	Receives  int
	VisibleAt time.Duration
	Outcome   uint8 // of the kind of outcome that the call has
	Standing  queue.Standing
}

// A History is what the clients of one queue did, in any order.
type History struct {
	Attributes queue.Attributes
	Operations []porcupine.Operation // of Call and Answer
	Receives   int                   // that did not wait
	Empty      int                   // of those, how many got nothing
}

// messages returns the operations of each message, each with the one entry and
// the one result that concern it.
func (h *History) messages() [][]porcupine.Operation {
	byID := make(map[queue.MessageID]int)
	var parts [][]porcupine.Operation
	for _, o := range h.Operations {
		call, answer := o.Input.(Call), o.Output.(Answer)
		if call.Op == Purge || call.Op == Stats || call.Op == Peek {
			continue
		}
		for i, r := range answer.Results {
			n, known := byID[r.ID]
			if !known {
				n = len(parts)
				byID[r.ID] = n
				parts = append(parts, nil)
			}
			part := o
			one := call
			if call.Op != Receive {
				one.Entries = call.Entries[i : i+1]
			}
			part.Input, part.Output = one, Answer{Results: answer.Results[i : i+1]}
			parts[n] = append(parts[n], part)
		}
	}
	return parts
}

// String tells the call on one line, without IDs.
func (c Call) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%v %v", c.At, c.Op)
	switch c.Op {
	case Receive:
		fmt.Fprintf(&text, " up to %d for %v", c.Max, c.Timeout)
	case Peek:
		fmt.Fprintf(&text, " at %d", c.Max)
	}
	for _, e := range c.Entries {
		fmt.Fprintf(&text, " {%s", short(e.ID))
		switch c.Op {
		case Send:
			fmt.Fprintf(&text, " delay %v group %q", e.Timeout, e.Group)
		case Change:
			fmt.Fprintf(&text, " fence %d timeout %v", e.Fence, e.Timeout)
		case Delete, Release:
			fmt.Fprintf(&text, " fence %d", e.Fence)
		}
		text.WriteString("}")
	}
	return text.String()
}

// tell tells the answer to a call of that kind on one line.
func (a Answer) tell(op Op) string {
	switch {
	case a.AtLimit:
		return "in-flight limit"
	case op == Purge:
		return fmt.Sprint(a.Count, " removed")
	case op == Stats:
		return fmt.Sprintf("%d visible, %d delayed, %d in flight", a.Stats[0], a.Stats[1], a.Stats[2])
	case len(a.Results) == 0:
		return "nothing"
	}
	var results []string
	for _, r := range a.Results {
		results = append(results, r.tell(op))
	}
	return strings.Join(results, ", ")
}

func (r Result) tell(op Op) string {
	switch op {
	case Send:
		return fmt.Sprintf("%s sequence %d", short(r.ID), r.Sequence)
	case Receive:
		return fmt.Sprintf("%s fence %d receives %d until %v", short(r.ID), r.Fence, r.Receives, r.VisibleAt)
	case Peek:
		return short(r.ID)
	case Delete:
		return fmt.Sprintf("outcome %d, standing %d", r.Outcome, r.Standing)
	}
	return fmt.Sprintf("outcome %d", r.Outcome)
}

// short is enough of an ID to tell the messages of one history apart.
func short(id queue.MessageID) string { return fmt.Sprintf("%x", id[:3]) }
