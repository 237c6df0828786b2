package movetask

import (
	"math"
	"time"
)

// chunksPerSecond bounds how often a second a task is woken. A timer that is late
// by a millisecond then costs one message in twenty, not one in two.
const chunksPerSecond = 50

// A pace says how many messages may be moved when. It is told the time.
//
// A second has so many chunks, a gap apart, and any that many chunks in a row are
// together as large as the rate. A gap begins when the last message of a chunk
// was moved. So whatever is in one half-open second belongs to that many
// chunks in a row at most, however late each of them came and however long it took.
type pace struct {
	rate   int // messages in any second; zero: no limit
	chunks int // in a second
	gap    time.Duration

	chunk int       // the number of the present chunk, modulo chunks
	left  int       // how many of its messages were not moved
	due   time.Time // when it may begin; the zero time: at once
}

func newPace(rate int) pace {
	p := pace{rate: rate}
	if rate > 0 {
		p.chunks = min(rate, chunksPerSecond)
		n := time.Duration(p.chunks)
		p.gap = (time.Second + n - 1) / n
		p.left = p.size()
	}
	return p
}

// resumedPace is the pace of a task of which nobody knows what it has moved
// within the last second.
func resumedPace(rate int, now time.Time) pace {
	p := newPace(rate)
	if rate > 0 {
		p.due = now.Add(time.Second)
	}
	return p
}

// size returns how many messages the present chunk has: the rate cut into equal
// parts, as far as numbers are equal that are whole.
func (p *pace) size() int {
	rest := p.rate % p.chunks
	return p.rate/p.chunks + (p.chunk+1)*rest/p.chunks - p.chunk*rest/p.chunks
}

// allow returns how many messages may be moved at now.
func (p *pace) allow(now time.Time) int {
	if p.rate == 0 {
		return math.MaxInt
	}
	if p.due.Sub(now) > time.Second { // the clock has stepped back
		p.due = now.Add(time.Second)
	}
	if now.Before(p.due) {
		return 0
	}
	return p.left
}

// moved notes that n of the messages that were allowed have been moved, the last
// of them not after now.
func (p *pace) moved(n int, now time.Time) {
	if p.rate == 0 || n == 0 {
		return
	}
	p.left -= n
	if p.left <= 0 {
		p.chunk = (p.chunk + 1) % p.chunks
		p.left = p.size()
		p.due = now.Add(p.gap)
	}
}

// wait returns for how long after now nothing is allowed.
func (p *pace) wait(now time.Time) time.Duration { return max(0, p.due.Sub(now)) }
