package xfer_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redriveq/redrive/queue"
	"github.com/redriveq/redrive/xfer"
)

// In the other broker a message is what it was at home, but for its ID.
func TestToBroker(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		b := openBroker(t)
		retention := queue.Patch{Retention: new(48 * hour)}
		home, there := r.create("q", retention), create(t, b, "q", retention)
		_, err := home.Send(r.ctx(), queue.Message{
			Body:            []byte("later\x00\xff"),
			Attributes:      map[string]queue.Value{"a": queue.Binary([]byte{0xff}), "n": {Kind: queue.KindNumber, Label: "int", Data: "1"}},
			Group:           "G\xff",
			DeduplicationID: "d",
			Delay:           new(10 * hour),
		})
		r.must(err)
		r.send(home, 0, "received")
		time.Sleep(s)
		r.received(home)
		time.Sleep(s)
		want := messages(t, home)
		task := r.start(xfer.Order{Selector: everythingOf(home), Target: xfer.ToBroker(b), Reason: "test"})
		_, err = r.m.Wait(r.ctx(), task.ID)
		r.must(err)
		r.wantTask("at the end", task.ID, 0, 2, 0, 0)
		got := messages(t, there)
		if len(got) != 2 {
			t.Fatalf("there are %d messages, want 2", len(got))
		}
		for i := range want {
			g, w := got[i], want[i]
			same := g.ID != w.ID && string(g.Body) == string(w.Body) && g.Group == w.Group && g.DeduplicationID == w.DeduplicationID &&
				g.State == w.State && g.SentAt.Equal(w.SentAt) && g.FirstReceivedAt.Equal(w.FirstReceivedAt) && g.ReceiveCount == w.ReceiveCount &&
				fmt.Sprint(g.Attributes) == fmt.Sprint(w.Attributes) && (w.State == queue.Visible || g.VisibleAt.Equal(w.VisibleAt))
			if !same {
				t.Errorf("message %d: got %+v, want %+v but for the ID", i, g, w)
			}
		}
		time.Sleep(48*hour - 2*s - 1) // retention goes on as if it had stayed
		if got := len(messages(t, there)); got != 2 {
			t.Errorf("just before retention ends there are %d messages, want 2", got)
		}
		time.Sleep(time.Nanosecond)
		if got := len(messages(t, there)); got != 0 {
			t.Errorf("when retention has ended there are %d messages, want none", got)
		}
	})
}

// What a broker refuses for good, one by one, and the others go through.
func TestReceiverRefuses(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		b := openBroker(t)
		create(t, b, "q", queue.Patch{MaxMessageBytes: new(10)})
		target := xfer.ToBroker(b)
		good := func(n byte) xfer.Record {
			return xfer.Record{ID: queue.MessageID{n}, Node: r.b.Node(), Queue: "q", Body: []byte{n}, Hops: 1}
		}
		rows := []struct {
			change func(x *xfer.Record)
			reason string
		}{
			{func(x *xfer.Record) { x.Queue = "none" }, "no such queue"},
			{func(x *xfer.Record) { x.Queue = "" }, "queue name"},
			{func(x *xfer.Record) { x.Queue = "xfer:q" }, "transfer queue"},
			{func(x *xfer.Record) { x.Node = b.Node() }, "this broker"},
			{func(x *xfer.Record) { x.Node = "" }, "where it comes from"},
			{func(x *xfer.Record) { x.Hops = xfer.MaxHops + 1 }, "17"},
			{func(x *xfer.Record) { x.Body = make([]byte, 11) }, "size"},
			{func(x *xfer.Record) { x.ReceiveCount = -1 }, "counts"},
			{func(x *xfer.Record) { x.Attributes = map[string]queue.Value{"a": {}} }, "attribute"},
			{func(x *xfer.Record) { x.VisibleAt = time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC) }, "9999"},
		}
		var records []xfer.Record
		for i, row := range rows {
			bad := good(byte(100 + i))
			row.change(&bad)
			records = append(records, good(byte(i)), bad)
		}
		last := good(200)
		last.Hops = xfer.MaxHops
		records = append(records, last)
		results, err := target.Send(r.ctx(), records)
		if err != nil || len(results) != len(records) {
			t.Fatalf("got %d results and error %v, want %d and none", len(results), err, len(records))
		}
		for i, got := range results {
			switch {
			case i%2 == 0 && got.Err != nil:
				t.Errorf("record %d: got error %v, want none", i, got.Err)
			case i%2 == 1 && (!errors.Is(got.Err, xfer.ErrRefused) || !strings.Contains(got.Err.Error(), rows[i/2].reason)):
				t.Errorf("record %d: got error %v, want ErrRefused for %s", i, got.Err, rows[i/2].reason)
			}
		}
		again, err := target.Send(r.ctx(), records)
		r.must(err)
		for i := range again {
			if again[i].ID != results[i].ID {
				t.Errorf("record %d once more: got ID %v, want %v", i, again[i].ID, results[i].ID)
			}
		}
	})
}

// A record that was accepted is known for a day, also when its message is gone.
func TestReceiverRemembers(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		b := openBroker(t)
		q := create(t, b, "q", queue.Patch{})
		record := xfer.Record{ID: queue.MessageID{1}, Node: r.b.Node(), Queue: "q", Hops: 1}
		for i, wait := range []time.Duration{0, 0, 24*hour - 1, 1} {
			time.Sleep(wait)
			results, err := xfer.ToBroker(b).Send(r.ctx(), []xfer.Record{record})
			if err != nil || len(results) != 1 || results[0].Err != nil {
				t.Fatalf("send %d: got %+v and error %v, want one accepted", i, results, err)
			}
			want := 0
			if i%3 == 0 {
				want = 1
			}
			got, err := q.Purge(r.ctx())
			if err != nil || got != want {
				t.Errorf("after send %d: got %d messages and error %v, want %d", i, got, err, want)
			}
		}
	})
}

// A receiver that is full takes nothing more, in the order of a FIFO queue, and
// goes on when there is room.
func TestReceiverFull(t *testing.T) {
	for _, fifo := range []bool{false, true} {
		bubble(t, func(t *testing.T, r *rig) {
			b := openBroker(t)
			home := r.create("q", queue.Patch{FIFO: &fifo})
			there := create(t, b, "q", queue.Patch{FIFO: &fifo, MaxBytes: new(int64(4))})
			sent := []string{"1", "2", "333", "4", "5", "6666", "7"}
			r.send(home, 0, sent...)
			task := r.start(xfer.Order{Selector: everythingOf(home), Target: xfer.ToBroker(b), Reason: "test"})
			var got []string
			for range 10 {
				time.Sleep(2 * time.Minute)
				deliveries, err := there.Receive(r.ctx(), &queue.ReceiveOptions{Max: 10, Wait: new(time.Duration(0))})
				r.must(err)
				for _, d := range deliveries {
					got = append(got, string(d.Body))
					r.must(there.Delete(r.ctx(), d.Receipt))
				}
			}
			r.wantTask("at the end", task.ID, 0, len(sent), 0, 0)
			if !fifo {
				slices.Sort(got)
			}
			if !slices.Equal(got, sent) {
				t.Errorf("FIFO %v: got %q, want %q", fifo, got, sent)
			}
		})
	}
}

// A drain to another broker, a change of mind, and what has come back.
func TestDrainAndBack(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		b := openBroker(t)
		other := xfer.Open(b, xfer.Config{})
		defer other.Close()
		home, there := r.create("q", queue.Patch{}), create(t, b, "q", queue.Patch{})
		r.fill(home, 1000)
		before := messages(t, home)
		for hop := range 2 {
			out := r.start(xfer.Order{Selector: xfer.Selector{Everything: true}, Target: xfer.ToBroker(b), Reason: "test"})
			_, err := r.m.Wait(r.ctx(), out.ID)
			r.must(err)
			if got := len(messages(t, there)); got != 1000 {
				t.Fatalf("hop %d: there are %d messages there, want 1000", hop, got)
			}
			r.wantCancelled("too late", r.cancel(out.ID, xfer.CancelOptions{}), xfer.Cancelled{Transferred: 1000})
			back, err := other.Start(r.ctx(), xfer.Order{Selector: xfer.Selector{Everything: true}, Target: xfer.ToBroker(r.b), Reason: "test"})
			r.must(err)
			_, err = other.Wait(r.ctx(), back.ID)
			r.must(err)
			after := messages(t, home)
			if len(after) != 1000 {
				t.Fatalf("hop %d: there are %d messages back, want 1000", hop, len(after))
			}
			for i := range after {
				if string(after[i].Body) != string(before[i].Body) || !after[i].VisibleAt.Equal(before[i].VisibleAt) || !after[i].SentAt.Equal(before[i].SentAt) {
					t.Fatalf("hop %d, message %d: got %+v, want %+v but for the ID", hop, i, after[i], before[i])
				}
			}
		}
	})
}

// Two brokers that drain into each other come to an end.
func TestHops(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		brokers := []*queue.Broker{r.b, openBroker(t)}
		managers := []*xfer.Manager{r.m, xfer.Open(brokers[1], xfer.Config{})}
		defer managers[1].Close()
		q := r.create("q", queue.Patch{})
		create(t, brokers[1], "q", queue.Patch{})
		r.send(q, 0, "1")
		for hop := range 30 {
			from, to := hop%2, (hop+1)%2
			task, err := managers[from].Start(r.ctx(), xfer.Order{Selector: xfer.Selector{Everything: true}, Target: xfer.ToBroker(brokers[to]), Reason: "test"})
			r.must(err)
			task, err = managers[from].Wait(r.ctx(), task.ID)
			r.must(err)
			if task.Failed > 0 {
				if hop != xfer.MaxHops {
					t.Errorf("refused at hop %d, want %d", hop, xfer.MaxHops)
				}
				return
			}
		}
		t.Error("never refused")
	})
	bubble(t, func(t *testing.T, r *rig) { // to itself
		q := r.create("q", queue.Patch{})
		r.send(q, 0, "1")
		task := r.start(xfer.Order{Selector: everythingOf(q), Target: xfer.ToBroker(r.b), Reason: "test"})
		_, err := r.m.Wait(r.ctx(), task.ID)
		r.must(err)
		synctest.Wait()
		r.wantTask("to itself", task.ID, 0, 0, 0, 1)
		r.wantBodies("to itself", q, "1")
	})
}
