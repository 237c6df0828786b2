package xfer_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/redriveq/redrive/queue"
	"github.com/redriveq/redrive/xfer"
)

// I26: a transfer and its cancel change nothing, at any point of any history, up
// to four deep.
func TestIdentity(t *testing.T) {
	var transfers, moved, deep int
	rapid.Check(t, func(t *rapid.T) {
		rapid.SyncTest(t, func(t *rapid.T) {
			h := newPast(t)
			for range rapid.IntRange(1, 5).Draw(t, "rounds") {
				for range rapid.IntRange(0, 20).Draw(t, "operations") {
					h.operate()
				}
				before := takeCensus(t, h.b)
				depth := rapid.IntRange(1, 4).Draw(t, "depth")
				var tasks []queue.TaskID
				for level := range depth {
					task := h.start(h.order(level))
					transfers++
					moved += task.Total
					tasks = append(tasks, task.ID)
					if level > 0 && task.Total > 0 {
						deep++
					}
					time.Sleep(time.Duration(rapid.IntRange(0, 3).Draw(t, "ms")) * time.Millisecond)
					synctest.Wait()
				}
				for _, i := range rapid.Permutation([]int{0, 1, 2, 3}).Draw(t, "order of cancels") {
					if i < depth {
						h.cancel(tasks[i], xfer.CancelOptions{})
					}
				}
				synctest.Wait()
				takeCensus(t, h.b).check(t, fmt.Sprintf("after %d transfers and cancels", depth), h.aged(before))
				for _, id := range tasks {
					if got := h.task(id); got.Waiting > 0 {
						t.Fatalf("task %+v: want nothing waiting", got)
					}
				}
			}
			h.m.Close()
			synctest.Wait()
		})
	})
	t.Logf("%d transfers of %d messages, %d of them of transferred ones", transfers, moved, deep)
	if moved < 100 || deep < 10 {
		t.Errorf("%d messages transferred, %d nested transfers: too few", moved, deep)
	}
}

// A past makes a history of queues of both kinds.
type past struct {
	*rig
	rapid      *rapid.T
	homes      [2][]*queue.Queue // standard, FIFO
	ways       [2][]*queue.Queue // where they are transferred to
	targets    []xfer.Target
	deliveries []held
	sent       int
}

// A held is a message in the hands of a consumer.
type held struct {
	queue.Delivery
	q *queue.Queue
}

func newPast(t *rapid.T) *past {
	h := &past{rig: newRig(t, xfer.Config{}), rapid: t, targets: []xfer.Target{down("x"), down("y")}}
	for kind, fifo := range []bool{false, true} {
		for i := range 2 {
			patch := queue.Patch{FIFO: &fifo, VisibilityTimeout: new(time.Minute)}
			h.homes[kind] = append(h.homes[kind], h.create(fmt.Sprintf("home%d-%v", i, fifo), patch))
		}
		for i := range 3 {
			h.ways[kind] = append(h.ways[kind], h.create(fmt.Sprintf("way%d-%v", i, fifo), queue.Patch{FIFO: &fifo}))
		}
	}
	return h
}

// operate does something with a home, a moment after the last operation, so that
// no two messages become visible in the same instant.
func (h *past) operate() {
	time.Sleep(7 * time.Millisecond)
	q := rapid.SampledFrom(append(h.homes[0][:2:2], h.homes[1]...)).Draw(h.rapid, "queue")
	switch rapid.SampledFrom([]string{"send", "send", "send", "receive", "delete", "release", "show", "pass"}).Draw(h.rapid, "operation") {
	case "send":
		h.sent++
		delay := time.Duration(rapid.IntRange(0, 3).Draw(h.rapid, "delay")) * 1013 * time.Millisecond
		_, err := q.Send(h.ctx(), queue.Message{
			Body:            fmt.Append(nil, h.sent),
			Group:           rapid.SampledFrom([]string{"", "A", "B"}).Draw(h.rapid, "group"),
			DeduplicationID: fmt.Sprint("d", h.sent),
			Attributes:      map[string]queue.Value{"n": queue.Number(fmt.Sprint(h.sent))},
			Delay:           &delay,
		})
		h.must(err)
	case "receive":
		got, err := q.Receive(h.ctx(), &queue.ReceiveOptions{Max: 2, Wait: new(time.Duration(0))})
		h.must(err)
		for _, d := range got {
			h.deliveries = append(h.deliveries, held{d, q})
		}
	case "pass":
		time.Sleep(11 * s)
	case "delete":
		h.use(func(d held) { _ = d.q.Delete(h.ctx(), d.Receipt) }) // it may be late
	case "release":
		h.use(func(d held) { _ = d.q.Release(h.ctx(), d.Receipt) })
	case "show":
		h.use(func(d held) { _ = d.q.ChangeVisibility(h.ctx(), d.Receipt, 3*s) })
	}
}

// use does something with a message in the hands of a consumer.
func (h *past) use(f func(held)) {
	if n := len(h.deliveries); n > 0 {
		i := rapid.IntRange(0, n-1).Draw(h.rapid, "delivery")
		f(h.deliveries[i])
		h.deliveries = append(h.deliveries[:i:i], h.deliveries[i+1:]...)
	}
}

// order draws where to transfer what, the deeper from where more may be.
func (h *past) order(level int) xfer.Order {
	o := xfer.Order{Reason: "test", Selector: xfer.Selector{Everything: true}}
	if level == 0 && rapid.Bool().Draw(h.rapid, "filtered") {
		o.Selector = xfer.Selector{Filter: queue.Filter{Group: new(rapid.SampledFrom([]string{"", "A"}).Draw(h.rapid, "group"))}}
	}
	if rapid.Bool().Draw(h.rapid, "away") {
		o.Target = rapid.SampledFrom(h.targets).Draw(h.rapid, "target")
	} else {
		kind := rapid.IntRange(0, 1).Draw(h.rapid, "kind")
		o.To = rapid.SampledFrom(h.ways[kind]).Draw(h.rapid, "to")
	}
	return o
}

// aged returns the census as it is when no more than the time passed: delays and
// visibility timeouts may have ended.
func (h *past) aged(c census) census {
	now := takeCensus(h.t, h.b)
	for name, want := range c {
		for i := range want[0] {
			if want[0][i].State != queue.Visible && !want[0][i].VisibleAt.After(time.Now()) {
				want[0][i].State = queue.Visible
				want[1] = now[name][1] // the line is another then
			}
		}
		c[name] = want
	}
	return c
}
