package script

import (
	"context"

	"github.com/redriveq/redrive/queue"
)

func (p *Player) playCreate(a *arguments) error {
	name, patch := a.word("queue"), a.patch()
	if err := a.end(); err != nil {
		return err
	}
	b, err := p.open()
	if err != nil {
		return err
	}
	_, err = b.CreateQueue(context.Background(), name, patch)
	return err
}

func (p *Player) playSet(a *arguments) error {
	name, patch := a.word("queue"), a.patch()
	if err := a.end(); err != nil {
		return err
	}
	return p.of(name, func(ctx context.Context, q *queue.Queue) error {
		return q.SetAttributes(ctx, patch)
	})
}

func (p *Player) playInfo(a *arguments) error {
	name := a.word("queue")
	if err := a.end(); err != nil {
		return err
	}
	return p.of(name, func(ctx context.Context, q *queue.Queue) error {
		info, err := q.Info(ctx)
		if err != nil {
			return err
		}
		p.say("%s created %s modified %s", info.Name, p.instant(info.CreatedAt), p.instant(info.ModifiedAt))
		p.say("%s", showAttributes(info.Attributes))
		return nil
	})
}

func (p *Player) playQueues(a *arguments) error {
	prefix := ""
	if len(a.words) > 0 {
		prefix = a.word("prefix")
	}
	if err := a.end(); err != nil {
		return err
	}
	b, err := p.open()
	if err != nil {
		return err
	}
	for info, err := range b.Queues(context.Background(), prefix) {
		if err != nil {
			return err
		}
		p.say("%s", info.Name)
	}
	return nil
}

func (p *Player) playHandle(a *arguments) error {
	handle, name := a.word("name"), a.word("queue")
	if err := a.end(); err != nil {
		return err
	}
	return p.of(name, func(_ context.Context, q *queue.Queue) error {
		p.queues[handle] = q
		return nil
	})
}

func (p *Player) playStats(a *arguments) error {
	name := a.word("queue")
	if err := a.end(); err != nil {
		return err
	}
	return p.of(name, func(ctx context.Context, q *queue.Queue) error {
		s, err := q.Stats(ctx)
		if err != nil {
			return err
		}
		p.say("visible %s, delayed %s, in flight %s, bytes %d, deduplication IDs %d",
			showCount(s.Visible), showCount(s.Delayed), showCount(s.InFlight), s.Bytes, s.DeduplicationIDs)
		return nil
	})
}

func (p *Player) playPurge(a *arguments) error {
	name := a.word("queue")
	if err := a.end(); err != nil {
		return err
	}
	return p.of(name, func(ctx context.Context, q *queue.Queue) error {
		removed, err := q.Purge(ctx)
		if err != nil {
			return err
		}
		p.say("%d removed", removed)
		return nil
	})
}

func (p *Player) playDeleteQueue(a *arguments) error {
	name := a.word("queue")
	if err := a.end(); err != nil {
		return err
	}
	b, err := p.open()
	if err != nil {
		return err
	}
	ctx := context.Background()
	q, lookup := b.Queue(ctx, name)
	if err := b.DeleteQueue(ctx, name); err != nil {
		return err
	}
	if lookup == nil {
		p.endWaits(func(w *background) bool { return w.queue.ID() == q.ID() })
	}
	return nil
}
