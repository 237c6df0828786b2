package script

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/redriveq/redrive/queue"
)

// A command is what a line of a script can say.
type command struct {
	usage string // what follows its name
	does  string // in a few words
	play  func(p *Player, a *arguments) error
}

// commands returns the commands by name.
func commands() map[string]command {
	return map[string]command{
		"clock":   {"TIME", "set the clock, before anything else", (*Player).playClock},
		"profile": {"core|sqs|ymq|cmq [max-waiters=N]", "choose limits and defaults, before anything else", (*Player).playProfile},
		"advance": {"SPAN", "move the clock forward", (*Player).playAdvance},
		"back":    {"SPAN", "step the clock back", (*Player).playBack},
		"close":   {"", "close the broker", (*Player).playClose},
		"help":    {"", "list the commands", (*Player).playHelp},

		"create":      {"QUEUE [ATTRIBUTE=VALUE]...", "create a queue", (*Player).playCreate},
		"set":         {"QUEUE ATTRIBUTE=VALUE...", "change attributes of a queue", (*Player).playSet},
		"info":        {"QUEUE", "show the attributes of a queue", (*Player).playInfo},
		"queues":      {"[PREFIX]", "list the queues", (*Player).playQueues},
		"handle":      {"NAME QUEUE", "name this instance of the queue", (*Player).playHandle},
		"stats":       {"QUEUE", "count messages by state", (*Player).playStats},
		"purge":       {"QUEUE", "remove all messages", (*Player).playPurge},
		"deletequeue": {"QUEUE", "delete a queue", (*Player).playDeleteQueue},

		"send":    {"QUEUE BODY... [as= delay= at= group= dedup= size= attr:NAME=]", "send messages", (*Player).playSend},
		"cancel":  {"QUEUE MESSAGE...", "take back messages that nobody has received", (*Player).playCancel},
		"peek":    {"QUEUE [max=]", "show the visible messages", (*Player).playPeek},
		"list":    {"QUEUE [after=] [max=]", "show the messages in all states", (*Player).playList},
		"receive": {"QUEUE [as= max= visibility= wait=]", "receive messages", (*Player).playReceive},

		"schedule":        {"QUEUE BODY [as= name= first= every= cron= zone= until= count= misfire= delay= group= attr:NAME=]", "publish a message later, once or again and again", (*Player).playSchedule},
		"cancel-schedule": {"SCHEDULE...", "end schedules", (*Player).playCancelSchedule},
		"schedules":       {"", "list the schedules", (*Player).playSchedules},

		"start-move":  {"QUEUE [as= to= any=true limit= keep=true rate= for= dry=true group= origin= attr:NAME=]", "start a move task", (*Player).playStartMove},
		"step-move":   {"TASK [max=]", "let a move task move messages", (*Player).playStepMove},
		"cancel-move": {"TASK", "cancel a move task", (*Player).playCancelMove},
		"moves":       {"QUEUE", "list the move tasks of a queue", (*Player).playMoves},

		"transfer": {"QUEUE QUEUE [as= max= at-once=true dry=true group= origin= attr:NAME=]", "let waiting messages wait in another queue", (*Player).playTransfer},
		"restore":  {"QUEUE [MESSAGE...] [task= max= due=now]", "put messages back that were transferred", (*Player).playRestore},

		"interrupt":  {"RECEIVE", "end the context of a receive that waits", (*Player).playInterrupt},
		"deliveries": {"QUEUE [as= max= visibility= take=]", "receive until nothing is left, or some are taken", (*Player).playDeliveries},
		"delete":     {"QUEUE RECEIPT...", "delete messages", (*Player).playDelete},
		"change":     {"QUEUE RECEIPT... timeout=", "change visibility", (*Player).playChange},
		"release":    {"QUEUE RECEIPT...", "give back what was not worked on", (*Player).playRelease},
	}
}

func (p *Player) playHelp(a *arguments) error {
	if err := a.end(); err != nil {
		return err
	}
	all := commands()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		p.say("%-15s %s: %s", name, all[name].usage, all[name].does)
	}
	return nil
}

var errTooLate = errors.New("only before the broker is in use")

func (p *Player) playClock(a *arguments) error {
	text := a.word("time")
	if err := a.end(); err != nil {
		return err
	}
	if p.broker != nil {
		return errTooLate
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return err
	}
	p.clock.Set(at.UTC())
	p.now = at.UTC()
	return nil
}

func (p *Player) playProfile(a *arguments) error {
	profiles := map[string]func() *queue.Profile{"core": queue.Core, "sqs": queue.SQS, "ymq": queue.YMQ, "cmq": queue.CMQ}
	name, waiters := a.word("profile"), a.number("max-waiters")
	if err := a.end(); err != nil {
		return err
	}
	profile := profiles[name]
	switch {
	case p.broker != nil:
		return errTooLate
	case profile == nil:
		return errors.New("want core, sqs, ymq or cmq")
	}
	p.profile = profile()
	p.profile.MaxWaiters = orElse(waiters, p.profile.MaxWaiters)
	return nil
}

func (p *Player) playAdvance(a *arguments) error {
	step, err := a.step()
	if err != nil {
		return err
	}
	return p.moveTo(p.clock.Now().Add(step))
}

func (p *Player) playBack(a *arguments) error {
	step, err := a.step()
	if err != nil {
		return err
	}
	return p.set(p.clock.Now().Add(-step))
}

// step takes a span that is not negative.
func (a *arguments) step() (time.Duration, error) {
	text := a.word("span")
	if err := a.end(); err != nil {
		return 0, err
	}
	step, err := time.ParseDuration(text)
	if err == nil && step < 0 {
		err = errors.New("a negative span")
	}
	return step, err
}

func (p *Player) playClose(a *arguments) error {
	if err := a.end(); err != nil {
		return err
	}
	b, err := p.open()
	if err != nil {
		return err
	}
	p.endWaits(func(*background) bool { return true })
	return b.Close()
}

func (p *Player) playInterrupt(a *arguments) error {
	name := a.word("name of a receive")
	if err := a.end(); err != nil {
		return err
	}
	i := slices.IndexFunc(p.waiting, func(b *background) bool { return b.name == name })
	if i < 0 {
		return errors.New("no receive with that name is waiting")
	}
	p.waiting[i].stop(errInterrupted)
	p.waiting[i].ended = true
	return nil
}

// of runs f on the queue that has the name.
func (p *Player) of(name string, f func(ctx context.Context, q *queue.Queue) error) error {
	q, err := p.queue(name)
	if err != nil {
		return err
	}
	return f(context.Background(), q)
}
