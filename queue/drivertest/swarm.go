package drivertest

import (
	"math"
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// A swarm is what one run is made of. Runs differ in it, so that over many runs
// also those states come up that a mixture of everything would dilute: a run
// without deletes fills queues, one without delays keeps groups in turn.
type swarm struct {
	begin   time.Time
	unit    time.Duration // of delays, timeouts and the steps of the clock
	stride  int           // the most units that the clock advances in a step
	jumps   bool          // whether the clock jumps far
	weights [operations]int
	fifo    []bool // the kind of the queue of each name
	groups  int    // message groups besides none
	ids     int    // deduplication IDs besides none
	long    bool   // whether some delays are very long
	collect bool   // whether the first queue gets nothing but the dead letters of the others
	uses    [attributeCount]bool
}

const (
	attributeCount = 17 // that patches draw
	usesRetention  = 3  // the place of the retention among them
)

// liveLimit is how many messages a run lets pile up: the model is slow, and
// what is rare happens among few.
const liveLimit = 100

// plain is a swarm with everything in it.
func plain() swarm {
	s := swarm{
		begin: start, unit: time.Second, stride: 10, jumps: true, long: true,
		fifo: []bool{false, true, false}, groups: 3, ids: 3,
	}
	for i := range s.weights {
		s.weights[i] = table[i].weight
	}
	for i := range s.uses {
		s.uses[i] = true
	}
	return s
}

// drawSwarm draws a swarm.
func drawSwarm(src source) swarm {
	s := plain()
	s.begin = []time.Time{
		start,
		time.Unix(0, 0).UTC(),
		time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC),
		time.Date(2262, 4, 11, 23, 47, 0, 0, time.UTC),
	}[src.Intn(4)]
	s.unit = []time.Duration{time.Second, time.Millisecond, 7 * time.Minute}[src.Intn(3)]
	s.stride = []int{3, 10, 1}[src.Intn(3)]
	s.jumps = src.Intn(2) == 0
	s.long = src.Intn(2) == 0
	s.groups = []int{3, 0, 1, 7}[src.Intn(4)]
	s.ids = []int{3, 1, 8}[src.Intn(3)]
	s.fifo = make([]bool, []int{3, 1, 2, 4}[src.Intn(4)])
	s.collect = src.Intn(3) == 2
	if s.collect {
		s.fifo = make([]bool, 3+len(s.fifo)/4)
	}
	kinds := src.Intn(8) // of the queues: all standard, all FIFO, or both
	for i := range s.fifo {
		s.fifo[i] = kinds > 3 && (kinds < 6 || src.Intn(2) == 1)
	}
	used := [families]bool{core: true}
	for i := moves; i < families; i++ {
		used[i] = src.Intn(2) == 0
	}
	for i := range s.weights {
		scale := []int{2, 1, 4, 0}[src.Intn(4)]
		switch {
		case !used[table[i].family]:
			scale = 0
		case table[i].always:
			scale = max(1, scale)
		}
		s.weights[i] *= scale
	}
	for i := range s.uses {
		s.uses[i] = src.Intn(4) < 3
	}
	return s
}

// span draws one of a few lengths of time.
func (w *world) span(units ...int) time.Duration {
	return time.Duration(units[w.src.Intn(len(units))]) * w.unit
}

// patch draws changes to at most so many of the attributes that the run uses.
func (w *world) patch(slot, most int) driver.Patch {
	var p driver.Patch
	for range w.src.Intn(most + 1) {
		if i := w.src.Intn(attributeCount); w.uses[i] {
			attributeDraws[i](w, slot, &p)
		}
	}
	return p
}

// attributeDraws draw one attribute each.
var attributeDraws = [attributeCount]func(w *world, slot int, p *driver.Patch){
	func(w *world, _ int, p *driver.Patch) { p.Delay = new(w.span(0, 1, 3)) },
	func(w *world, _ int, p *driver.Patch) { p.VisibilityTimeout = new(w.span(20, 5, 60, 0, 1)) },
	func(w *world, _ int, p *driver.Patch) { p.MaxVisibility = new(w.span(0, 60, 30, 20, 5)) },
	func(w *world, _ int, p *driver.Patch) { p.Retention = new(w.span(0, 60, 0, 15, 4)) },
	func(w *world, _ int, p *driver.Patch) { p.RetainFromSend = new(w.src.Intn(4) > 0) },
	func(w *world, _ int, p *driver.Patch) { p.ReceiveWait = new(w.span(0, 1, 20)) },
	func(w *world, _ int, p *driver.Patch) { p.MaxMessageBytes = new([]int{1000, 8, 40, 0}[w.src.Intn(4)]) },
	func(w *world, _ int, p *driver.Patch) { p.MaxMessages = new([]int{0, 20, 0, 6, 2}[w.src.Intn(5)]) },
	func(w *world, _ int, p *driver.Patch) { p.MaxBytes = new([]int64{0, 60, 0, 15}[w.src.Intn(4)]) },
	func(w *world, _ int, p *driver.Patch) { p.MaxInFlight = new([]int{0, 6, 2, 1}[w.src.Intn(4)]) },
	func(w *world, _ int, p *driver.Patch) { p.ReceiptPolicy = new(driver.ReceiptPolicy(w.src.Intn(3))) },
	func(w *world, _ int, p *driver.Patch) { p.RefuseLateChange = new(w.src.Intn(2) == 1) },
	func(w *world, slot int, p *driver.Patch) { p.DeadLetter = w.deadLetter(slot) },
	func(w *world, _ int, p *driver.Patch) { p.DeadLetterSources = w.sources() },
	func(w *world, _ int, p *driver.Patch) { p.DeduplicationWindow = new(w.span(5, 0, 20, 1000)) },
	func(w *world, _ int, p *driver.Patch) {
		p.DeduplicationScope = new(driver.DeduplicationScope(w.src.Intn(2)))
	},
	func(w *world, _ int, p *driver.Patch) { p.ContentDeduplication = new(w.src.Intn(3) == 2) },
}

// deadLetter draws a policy: mostly one that leads to another queue of the kind
// that is there.
func (w *world) deadLetter(slot int) *driver.DeadLetter {
	if w.collect && slot != 0 && w.fifo[slot] == w.fifo[0] && w.live[0] != nil && w.src.Intn(8) < 7 {
		return &driver.DeadLetter{Queue: queueNames[0], MaxReceives: 1}
	}
	var targets []int
	for i, q := range w.live {
		if q != nil && i != slot && w.fifo[i] == w.fifo[slot] {
			targets = append(targets, i)
		}
	}
	target := w.src.Intn(len(w.fifo))
	switch choice := w.src.Intn(16); {
	case choice == 15, choice < 13 && len(targets) == 0:
		return &driver.DeadLetter{}
	case choice < 13:
		target = targets[target%len(targets)]
	}
	return &driver.DeadLetter{Queue: queueNames[target], MaxReceives: 1 + w.src.Intn(3)}
}

// sources draws who may send dead letters; mostly all.
func (w *world) sources() *driver.DeadLetterSources {
	switch choice := w.src.Intn(16); {
	case choice < 13:
		return &driver.DeadLetterSources{}
	case choice < 15:
		return &driver.DeadLetterSources{Mode: driver.AllowListed, Queues: []string{queueNames[w.src.Intn(len(w.fifo))]}}
	}
	return &driver.DeadLetterSources{Mode: driver.AllowNone}
}

// tick moves the clock: mostly a little, in a third of the steps to or beside
// an instant at which something ends, rarely back or far ahead.
func (w *world) tick() {
	switch choice := w.src.Intn(48); {
	case choice < 16:
	case choice < 30:
		w.latest = w.latest.Add(time.Duration(1+w.src.Intn(w.stride)) * w.unit)
	case choice < 46:
		w.boundary()
	case choice == 46:
		w.back()
		return
	case w.jumps:
		w.jump()
	}
	w.now = w.latest
}

// back passes an earlier instant to the next call.
func (w *world) back() {
	spans := []time.Duration{ns, w.unit, 10 * w.unit, hour, 400 * day}
	w.now = w.latest.Add(-spans[w.src.Intn(len(spans))])
	w.mark(clockBack)
}

func (w *world) jump() {
	switch choice := w.src.Intn(8); {
	case choice < 4:
		w.latest = w.latest.Add(hour)
	case choice < 6:
		w.latest = w.latest.Add(400 * day)
	case w.latest.Year() < 9000:
		w.latest = w.latest.AddDate(400, 0, 0)
		w.mark(clockJumped)
	}
}

// boundary moves the clock to the nearest of a few instants at which something
// ends, or one nanosecond before or after it.
func (w *world) boundary() {
	var nearest time.Time
	for range 3 {
		at := w.ends[w.src.Intn(len(w.ends))]
		if at.After(w.latest) && (nearest.IsZero() || at.Before(nearest)) {
			nearest = at
		}
	}
	beside := w.src.Intn(3)
	at := nearest.Add(time.Duration(beside-1) * ns)
	if !at.After(w.latest) || at.Year() > 9990 {
		return
	}
	w.latest = at
	w.mark(boundaryBefore + mark(beside))
}

// ending remembers an instant at which something ends.
func (w *world) ending(at time.Time) {
	w.ends[w.nextEnd] = at
	w.nextEnd = (w.nextEnd + 1) % len(w.ends)
}

// The lengths that are beside the units of a run.
const (
	century = 100 * 365 * day
	forever = time.Duration(math.MaxInt64)
)
