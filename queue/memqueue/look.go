package memqueue

import "github.com/redriveq/redrive/queue/driver"

// stats counts what is in the queue.
func (s *state) stats() driver.Stats {
	return driver.Stats{
		Visible:          s.count(driver.Visible),
		Delayed:          s.count(driver.Delayed),
		InFlight:         s.count(driver.InFlight),
		Bytes:            s.bytes,
		DeduplicationIDs: len(s.memory.entries),
		UnderTransfer:    s.away,
	}
}

func (s *state) count(state driver.State) driver.Count {
	c := driver.Count{Messages: s.roll.counts[state]}
	if n := s.roll.oldest(state); n != 0 {
		c.Age = max(s.now.Sub(s.slab.at(n).sentAt), 0)
	}
	return c
}

// peek returns what receives would hand out.
func (s *state) peek(max int) []driver.Info {
	var infos []driver.Info
	for n := range s.order.all() {
		if len(infos) == max {
			break
		}
		infos = append(infos, s.slab.at(n).info())
	}
	return infos
}

// list returns what is in the queue after that sequence.
func (s *state) list(after uint64, max int) []driver.Info {
	var infos []driver.Info
	for n := s.roll.after(after); n != 0 && len(infos) < max; n = s.slab.at(n).after {
		infos = append(infos, s.slab.at(n).info())
	}
	return infos
}
