package script

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redriveq/redrive/queue"
	"github.com/redriveq/redrive/queue/driver"
	"github.com/redriveq/redrive/queue/memqueue"
)

// A Player plays the commands of one script, one after the other, on a broker
// in memory. Make it with [NewPlayer]. It is not safe for concurrent use.
type Player struct {
	engine  driver.Engine
	clock   *virtualClock
	profile *queue.Profile
	broker  *queue.Broker // nil until a command needs it
	now     time.Time     // the broker's: the clock's, but that does not step back

	queues   map[string]*queue.Queue // those with a name of the script's own
	messages map[string]queue.MessageID
	names    map[queue.MessageID]string // the first name of each message
	receipts map[string]string

	schedules     map[string]queue.ScheduleID
	scheduleNames map[queue.ScheduleID]string // the last name of each schedule
	tasks         map[string]queue.TaskID     // move tasks and transfers
	taskNames     map[queue.TaskID]string

	waiting []*background // in the order in which they began
	moving  bool          // the present command has moved the clock
	answers []string      // to the present command
}

// NewPlayer returns a player that has played nothing. It must be closed.
func NewPlayer() *Player { return newPlayer(memqueue.New()) }

func newPlayer(engine driver.Engine) *Player {
	start := time.Date(2030, time.January, 1, 0, 0, 0, 0, time.UTC)
	return &Player{
		engine:   engine,
		clock:    newVirtualClock(start),
		profile:  queue.Core(),
		now:      start,
		queues:   make(map[string]*queue.Queue),
		messages: make(map[string]queue.MessageID),
		names:    make(map[queue.MessageID]string),
		receipts: make(map[string]string),

		schedules:     make(map[string]queue.ScheduleID),
		scheduleNames: make(map[queue.ScheduleID]string),
		tasks:         make(map[string]queue.TaskID),
		taskNames:     make(map[queue.TaskID]string),
	}
}

// Do plays one line of a script and returns the answers. A line that is no
// command has none. An error of the broker is an answer; the error that Do
// returns says why the command cannot be played, and then nothing was done.
func (p *Player) Do(line string) (answers []string, err error) {
	if !isCommand(line) {
		return nil, nil
	}
	found, err := split(line)
	if err != nil {
		return nil, err
	}
	c, known := commands()[found[0].value]
	if !known || found[0].option != "" {
		return nil, fmt.Errorf("no command %q", found[0].value)
	}
	arguments, err := newArguments(found[1:])
	if err != nil {
		return nil, err
	}
	p.answers, p.moving = nil, false
	err = c.play(p, arguments)
	if refusal := (*queue.Error)(nil); errors.As(err, &refusal) {
		p.say("error: %v", err)
		err = nil
	}
	if err != nil {
		return nil, err
	}
	p.settle()
	return p.answers, nil
}

// Now returns the time of the clock.
func (p *Player) Now() time.Time { return p.clock.Now().UTC() }

// Close closes the broker. Receives that wait end.
func (p *Player) Close() {
	if p.broker != nil {
		_ = p.broker.Close()
		p.endWaits(func(*background) bool { return true })
		p.settle()
	}
}

// open opens the broker, if it is not open yet.
func (p *Player) open() (*queue.Broker, error) {
	if p.broker != nil {
		return p.broker, nil
	}
	b, err := queue.Open(queue.Config{
		Clock:   p.clock,
		Engine:  watchedEngine{p.engine},
		Profile: p.profile,
	})
	if err != nil {
		return nil, err
	}
	p.broker, p.now = b, p.clock.Now()
	return b, nil
}

// queue returns the queue that has that name in the script or in the broker. A
// transfer queue is created by its name, "xfer:" and the target's.
func (p *Player) queue(name string) (*queue.Queue, error) {
	if q := p.queues[name]; q != nil {
		return q, nil
	}
	b, err := p.open()
	if err != nil {
		return nil, err
	}
	if target, ok := strings.CutPrefix(name, "xfer:"); ok {
		return b.TransferQueue(context.Background(), target, false)
	}
	return b.Queue(context.Background(), name)
}

// say adds a line to the answers.
func (p *Player) say(format string, args ...any) {
	p.answers = append(p.answers, fmt.Sprintf(format, args...))
}

// moveTo moves the clock forward, and does what is due on the way at its
// instant.
func (p *Player) moveTo(end time.Time) error {
	p.moving = true
	for {
		a, ok := p.clock.due(end)
		if !ok {
			return p.set(end)
		}
		if err := p.set(a.at); err != nil {
			return err
		}
		a.ring()
		p.settle()
	}
}

// set sets the clock, and has the broker read it: it would not see a step
// forward that is undone before it looks.
func (p *Player) set(at time.Time) error {
	b, err := p.open()
	if err != nil {
		return err
	}
	if step := at.Sub(p.clock.Now()); step > 0 {
		p.now = p.now.Add(step)
	}
	p.clock.Set(at)
	for _, err := range b.Queues(context.Background(), "") {
		if err != nil && !errors.Is(err, queue.ErrClosed) {
			return err
		}
		break
	}
	return nil
}
