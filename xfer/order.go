package xfer

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/redriveq/redrive/queue"
)

// An Order says what to transfer, where to, and why.
type Order struct {
	Selector Selector

	// To is a queue of the broker, or Target a place outside. One of them is set.
	To     *queue.Queue
	Target Target

	// Reason is for the log, and must not be empty.
	Reason string
}

// A Selector says which messages are meant, of those that wait: visible ones and
// delayed ones. The zero Selector is refused.
type Selector struct {
	// Queues are the exact names of the queues. If there are none, all queues are
	// meant, except those in which the messages would be afterwards anyway, and
	// those of the other kind, FIFO or standard, than To.
	//
	// Transfer queues are queues, and meant too: messages that wait for one target
	// can be transferred to another.
	Queues []string

	// Filter says which messages of the queues. The zero Filter means all.
	Filter queue.Filter

	// Everything must be set where neither Queues nor Filter is.
	Everything bool
}

// Planned is how many messages of one queue an order means.
type Planned struct {
	Queue    string
	Messages int
}

// A source is a queue to be drained, of the messages after one sequence and up
// to another.
type source struct {
	queue.QueueRef
	fifo  bool
	named bool
	after uint64
	upTo  uint64
}

// check reports what is wrong with an order, whatever the queues, and returns it
// with nothing shared.
func (o Order) check() (Order, error) {
	filtered := len(o.Selector.Filter.Attributes) > 0 || o.Selector.Filter.Group != nil || o.Selector.Filter.Origin != ""
	named := len(o.Selector.Queues) > 0
	switch {
	case o.Reason == "":
		return o, invalid("reason", "empty")
	case (o.To == nil) == (o.Target == nil):
		return o, invalid("destination", "want a queue or a target, and not both")
	case named && o.Selector.Everything:
		return o, invalid("selector", "everything, and queues by name")
	case !named && !filtered && !o.Selector.Everything:
		return o, invalid("selector", "neither queues nor a filter, and not everything")
	case o.Target != nil && !isName(o.Target.Name()):
		return o, invalid("target", "the name is not 1 to 1024 bytes of text")
	case o.To != nil && queue.IsTransferQueue(o.To.Name()):
		return o, invalid("destination", "%q is the transfer queue of a target", o.To.Name())
	}
	o.Selector.Queues = slices.Clone(o.Selector.Queues)
	o.Selector.Filter.Attributes = maps.Clone(o.Selector.Filter.Attributes)
	return o, nil
}

func isName(name string) bool {
	return name != "" && len(name) <= 1024 && utf8.ValidString(name) && !strings.ContainsFunc(name, unicode.IsControl)
}

// destination returns the name of the place to which the messages go.
func (o *Order) destination() string {
	if o.To != nil {
		return o.To.Name()
	}
	return o.Target.Name()
}

// isDestination reports whether messages in the queue are where they are to go.
func (o *Order) isDestination(info queue.QueueInfo) bool {
	if o.To != nil {
		return info.ID == o.To.ID()
	}
	name := o.Target.Name()
	return info.Name == "xfer:"+name || info.Name == "xfer-fifo:"+name // see [queue.Broker.TransferQueue]
}

// sources returns what the order is to drain, as it is now. An error of a queue
// that is named comes before any effect.
func (m *Manager) sources(ctx context.Context, o *Order) ([]*source, error) {
	to, err := m.kindOf(ctx, o)
	if err != nil {
		return nil, err
	}
	infos, err := m.selected(ctx, o)
	if err != nil {
		return nil, err
	}
	var sources []*source
	for _, info := range infos {
		s := &source{QueueRef: queue.QueueRef{ID: info.ID, Name: info.Name}, fifo: info.Attributes.FIFO, named: len(o.Selector.Queues) > 0}
		switch {
		case o.isDestination(info):
			err = invalid("queue", "%q is the destination", s.Name)
		case o.To != nil && s.fifo != to.FIFO:
			err = invalid("queue", "%q is not of the destination's kind", s.Name)
		default:
			s.upTo, err = m.highest(ctx, s.ID)
		}
		switch {
		case err == nil && s.upTo > 0:
			sources = append(sources, s)
		case err == nil, !s.named && (errors.Is(err, queue.ErrInvalid) || errors.Is(err, queue.ErrNoQueue)):
		default:
			return nil, err
		}
	}
	return sources, nil
}

// kindOf returns the attributes of the destination, if it is a queue.
func (m *Manager) kindOf(ctx context.Context, o *Order) (a queue.Attributes, err error) {
	if o.To == nil {
		return a, nil
	}
	err = m.owns(ctx, o.To)
	if err == nil {
		var info queue.QueueInfo
		info, err = o.To.Info(ctx)
		a = info.Attributes
	}
	if errors.Is(err, queue.ErrNoQueue) {
		err = queue.ErrNoDestination
	}
	return a, err
}

// owns returns an error if the queue does not exist in the broker. Another broker
// can have one of the same name and ID.
func (m *Manager) owns(ctx context.Context, q *queue.Queue) error {
	if _, err := q.Info(ctx); err != nil {
		return err
	}
	own, err := m.open(ctx, q.Name())
	if err == nil && *own != *q {
		err = invalid("queue", "%q is one of another broker", q.Name())
	}
	return err
}

// open returns the queue of that name.
func (m *Manager) open(ctx context.Context, name string) (*queue.Queue, error) {
	if !queue.IsTransferQueue(name) {
		return m.broker.Queue(ctx, name)
	}
	info, err := m.find(ctx, name)
	if err != nil {
		return nil, err
	}
	_, target, _ := strings.Cut(name, ":")
	return m.broker.TransferQueue(ctx, target, info.Attributes.FIFO)
}

// selected returns the queues that are named, each once, or all.
func (m *Manager) selected(ctx context.Context, o *Order) (infos []queue.QueueInfo, err error) {
	for _, name := range o.Selector.Queues {
		info, err := m.find(ctx, name)
		if err != nil {
			return nil, fail(opStart, name, err)
		}
		if !slices.ContainsFunc(infos, func(i queue.QueueInfo) bool { return i.ID == info.ID }) {
			infos = append(infos, info)
		}
	}
	if len(infos) > 0 {
		return infos, nil
	}
	for info, err := range m.broker.Queues(ctx, "") {
		if err != nil {
			return nil, err
		}
		infos = append(infos, info)
	}
	return infos, nil
}

// find returns the queue of that name. The names of transfer queues are looked
// for, since not every profile can say them.
func (m *Manager) find(ctx context.Context, name string) (queue.QueueInfo, error) {
	if !queue.IsTransferQueue(name) {
		q, err := m.broker.Queue(ctx, name)
		if err != nil {
			return queue.QueueInfo{}, err
		}
		return q.Info(ctx)
	}
	for info, err := range m.broker.Queues(ctx, name) {
		if err != nil {
			return info, err
		}
		if info.Name == name {
			return info, nil
		}
		break // a longer name: they come in order
	}
	return queue.QueueInfo{}, queue.ErrNoQueue
}

// highest returns the highest sequence that the queue has given out.
func (m *Manager) highest(ctx context.Context, id queue.QueueID) (uint64, error) {
	got, err := m.broker.Transfer(ctx, queue.Transfer{Task: newTaskID(), From: id, DryRun: true})
	return got.UpTo, err
}

// planned counts the messages of a source that an order means.
func (m *Manager) planned(ctx context.Context, o *Order, s *source) (messages int, err error) {
	t := queue.Transfer{Task: newTaskID(), From: s.ID, Filter: o.Selector.Filter, UpTo: s.upTo, Max: stepMax, Look: stepLook, DryRun: true}
	for {
		got, err := m.broker.Transfer(ctx, t)
		messages += len(got.Messages)
		if err != nil || got.Done {
			return messages, err
		}
		t.After = got.Last
	}
}
