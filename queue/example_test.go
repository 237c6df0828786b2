package queue_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/redriveq/redrive/queue"
)

func Example() {
	ctx := context.Background()
	broker, err := queue.Open(queue.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer broker.Close()
	orders, err := broker.CreateQueue(ctx, "orders", queue.Patch{})
	if err != nil {
		log.Fatal(err)
	}

	if _, err := orders.Send(ctx, queue.Message{Body: []byte("for now")}); err != nil {
		log.Fatal(err)
	}
	later := queue.Message{Body: []byte("for later"), Delay: new(20 * time.Millisecond)}
	if _, err := orders.Send(ctx, later); err != nil {
		log.Fatal(err)
	}

	for range 2 {
		deliveries, err := orders.Receive(ctx, &queue.ReceiveOptions{Wait: new(time.Minute)})
		if err != nil {
			log.Fatal(err)
		}
		for _, d := range deliveries {
			fmt.Printf("%s\n", d.Body)
			if err := orders.Delete(ctx, d.Receipt); err != nil {
				log.Fatal(err)
			}
		}
	}
	// Output:
	// for now
	// for later
}

// must keeps the other examples short.
func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}

// text returns a message with that body.
func text(body string) queue.Message { return queue.Message{Body: []byte(body)} }

// A message that was sent for later can be taken back until it is received. The
// clock is one that the example moves.
func ExampleQueue_Cancel() {
	ctx, clock := context.Background(), clock.NewMock()
	broker := must(queue.Open(queue.Config{Clock: clock}))
	defer broker.Close()
	mails := must(broker.CreateQueue(ctx, "mails", queue.Patch{}))

	reminder := text("you have not signed yet")
	reminder.Delay = new(24 * time.Hour)
	first := must(mails.Send(ctx, reminder))
	second := must(mails.Send(ctx, reminder))

	clock.Add(23 * time.Hour)
	fmt.Println("signed in time:", must(mails.Cancel(ctx, first.ID)) == queue.Cancelled)

	clock.Add(time.Hour)
	must(mails.Receive(ctx, nil))
	switch must(mails.Cancel(ctx, second.ID)) {
	case queue.Cancelled:
		fmt.Println("taken back")
	case queue.CancelInFlight, queue.CancelDelivered, queue.CancelGone:
		fmt.Println("too late")
	case queue.CancelUnknown:
		fmt.Println("never sent")
	}
	// Output:
	// signed in time: true
	// too late
}

// A receive waits for a message. When the mock clock's Add has returned, all
// that fell due has happened.
func ExampleQueue_Receive() {
	ctx, clock := context.Background(), clock.NewMock()
	broker := must(queue.Open(queue.Config{Clock: clock}))
	defer broker.Close()
	q := must(broker.CreateQueue(ctx, "q", queue.Patch{}))

	received := make(chan []queue.Delivery)
	go func() {
		received <- must(q.Receive(ctx, &queue.ReceiveOptions{Max: 10, Wait: new(20 * time.Second)}))
	}()
	m := text("ten seconds later")
	m.Delay = new(10 * time.Second)
	must(q.Send(ctx, m))
	clock.Add(10 * time.Second)
	for _, d := range <-received {
		fmt.Printf("%s, until %v\n", d.Body, d.VisibleAt.Sub(d.SentAt))
	}
	// Output:
	// ten seconds later, until 40s
}

// In a bubble of testing/synctest, waits take no time, on the real clock. This
// is a test, because bubbles are for tests only.
func TestWaitInBubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broker := must(queue.Open(queue.Config{}))
		defer broker.Close()
		q := must(broker.CreateQueue(t.Context(), "q", queue.Patch{}))

		start := time.Now()
		m := text("tomorrow")
		m.At = start.AddDate(0, 0, 1)
		must(q.Send(t.Context(), m))
		got := must(q.Receive(t.Context(), &queue.ReceiveOptions{Wait: new(48 * time.Hour)}))
		if waited := time.Since(start); len(got) != 1 || waited != 24*time.Hour {
			t.Errorf("got %d messages after %v, want 1 after 24h", len(got), waited)
		}
	})
}

// A message that is received too often without being deleted goes to another
// queue, where somebody can look at it.
func Example_deadLetters() {
	ctx, clock := context.Background(), clock.NewMock()
	broker := must(queue.Open(queue.Config{Clock: clock}))
	defer broker.Close()
	failed := must(broker.CreateQueue(ctx, "failed", queue.Patch{}))
	work := must(broker.CreateQueue(ctx, "work", queue.Patch{
		VisibilityTimeout: new(30 * time.Second),
		DeadLetter:        &queue.DeadLetter{Queue: "failed", MaxReceives: 2},
	}))

	must(work.Send(ctx, text("poison")))
	must(work.Send(ctx, text("fine")))
	for range 3 {
		for _, d := range must(work.Receive(ctx, &queue.ReceiveOptions{Max: 10})) {
			fmt.Printf("receive %d of %s\n", d.ReceiveCount, d.Body)
			if string(d.Body) == "fine" {
				if err := work.Delete(ctx, d.Receipt); err != nil {
					log.Fatal(err)
				}
			}
		}
		clock.Add(30 * time.Second)
	}
	for _, m := range must(failed.Peek(ctx, 10)) {
		fmt.Printf("%s came from %s after %d receives\n", m.Body, m.Origin.Name, m.ReceiveCount)
	}
	// Output:
	// receive 1 of poison
	// receive 1 of fine
	// receive 2 of poison
	// poison came from work after 2 receives
}

// In a FIFO queue the messages of a group come in order, and the next of a group
// comes only when the one before it is done with. Other groups go on.
func Example_fifo() {
	ctx := context.Background()
	broker := must(queue.Open(queue.Config{}))
	defer broker.Close()
	q := must(broker.CreateQueue(ctx, "accounts", queue.Patch{FIFO: new(true)}))
	for _, body := range []string{"A opened", "A closed", "B opened"} {
		must(q.Send(ctx, queue.Message{Body: []byte(body), Group: body[:1]}))
	}

	first := must(q.Receive(ctx, nil))[0]
	second := must(q.Receive(ctx, nil))[0]
	fmt.Printf("%s, %s, and nothing more: %v\n", first.Body, second.Body, len(must(q.Receive(ctx, nil))) == 0)
	if err := q.Delete(ctx, first.Receipt); err != nil {
		log.Fatal(err)
	}
	third := must(q.Receive(ctx, nil))[0]
	fmt.Printf("%s\n", third.Body)
	// Output:
	// A opened, B opened, and nothing more: true
	// A closed
}

// In a standard queue groups take turns, so that one with a long backlog does
// not hold up the others.
func Example_fairness() {
	ctx := context.Background()
	broker := must(queue.Open(queue.Config{}))
	defer broker.Close()
	q := must(broker.CreateQueue(ctx, "q", queue.Patch{}))
	for i := range 100 {
		must(q.Send(ctx, queue.Message{Body: fmt.Append(nil, "big ", i+1), Group: "big tenant"}))
	}
	must(q.Send(ctx, queue.Message{Body: []byte("small 1"), Group: "small tenant"}))

	for _, d := range must(q.Receive(ctx, &queue.ReceiveOptions{Max: 4})) {
		fmt.Printf("%s\n", d.Body)
	}
	// Output:
	// big 1
	// small 1
	// big 2
	// big 3
}

// A consumer is a loop. A handler has until the visibility timeout ends; what
// fails is tried again later.
func ExampleQueue_Deliveries() {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	broker := must(queue.Open(queue.Config{}))
	defer broker.Close()
	q := must(broker.CreateQueue(ctx, "q", queue.Patch{VisibilityTimeout: new(time.Minute)}))
	must(q.Send(ctx, text("a")))
	must(q.Send(ctx, text("b")))

	handle := func(ctx context.Context, d queue.Delivery) error {
		if string(d.Body) == "a" && d.ReceiveCount == 1 {
			return errors.New("not today")
		}
		return ctx.Err()
	}
	for d, err := range q.Deliveries(ctx, nil) {
		if errors.Is(err, context.Canceled) {
			break
		} else if err != nil {
			log.Fatal(err)
		}
		deadline, cancel := context.WithDeadline(ctx, d.VisibleAt)
		err = handle(deadline, d)
		cancel()
		fmt.Printf("%s: %v\n", d.Body, err)
		if err != nil {
			err = q.ChangeVisibility(ctx, d.Receipt, time.Duration(d.ReceiveCount)*10*time.Millisecond)
		} else {
			err = q.Delete(ctx, d.Receipt)
		}
		if err != nil {
			log.Print(err) // the receipt came too late: somebody else has the message
		}
		if must(q.Stats(ctx)).Bytes == 0 {
			stop()
		}
	}
	// Output:
	// a: not today
	// b: <nil>
	// a: <nil>
}

// A consumer that is told to stop gives back what it has in hand. What was not
// worked on does not count as received.
func Example_shutdown() {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	broker := must(queue.Open(queue.Config{}))
	defer broker.Close()
	q := must(broker.CreateQueue(ctx, "q", queue.Patch{}))
	for _, body := range []string{"a", "b", "c"} {
		must(q.Send(ctx, text(body)))
	}

	cleanup := context.WithoutCancel(ctx)
	for d, err := range q.Deliveries(ctx, &queue.ReceiveOptions{Max: 10}) {
		if err != nil {
			break
		}
		if ctx.Err() != nil { // give back this one; leaving the loop gives back those behind it
			must(q.ReleaseMany(cleanup, []string{d.Receipt}))
			break
		}
		fmt.Printf("handled %s\n", d.Body)
		if err := q.Delete(cleanup, d.Receipt); err != nil {
			log.Print(err)
		}
		stop() // as a signal handler would
	}
	for _, m := range must(q.Peek(cleanup, 10)) {
		fmt.Printf("left %s, received %d times\n", m.Body, m.ReceiveCount)
	}
	// Output:
	// handled a
	// left b, received 0 times
	// left c, received 0 times
}

// A patch changes what it names, and nothing else.
func ExampleQueue_SetAttributes() {
	ctx := context.Background()
	broker := must(queue.Open(queue.Config{Profile: queue.SQS()}))
	defer broker.Close()
	q := must(broker.CreateQueue(ctx, "q", queue.Patch{Delay: new(5 * time.Second)}))

	if err := q.SetAttributes(ctx, queue.Patch{VisibilityTimeout: new(time.Minute)}); err != nil {
		log.Fatal(err)
	}
	a := must(q.Info(ctx)).Attributes
	fmt.Println(a.Delay, a.VisibilityTimeout, a.Retention)

	err := q.SetAttributes(ctx, queue.Patch{Delay: new(time.Hour), ReceiveWait: new(time.Second)})
	fmt.Println(err)
	if invalid, ok := errors.AsType[*queue.InvalidError](err); ok {
		fmt.Println("wrong:", invalid.Field)
	}
	// Output:
	// 5s 1m0s 96h0m0s
	// queue "q": set attributes: invalid delay: 1h0m0s is not between 0s and 15m0s
	// wrong: delay
}

// Peek looks at what receives would return, and changes nothing.
func ExampleQueue_Peek() {
	ctx := context.Background()
	broker := must(queue.Open(queue.Config{}))
	defer broker.Close()
	q := must(broker.CreateQueue(ctx, "q", queue.Patch{}))
	for _, body := range []string{"a", "b", "c"} {
		must(q.Send(ctx, text(body)))
	}
	must(q.Receive(ctx, nil))
	for _, m := range must(q.Peek(ctx, 10)) {
		fmt.Printf("%s, received %d times\n", m.Body, m.ReceiveCount)
	}
	// Output:
	// b, received 0 times
	// c, received 0 times
}

// Messages goes over all messages, in whatever state, while the queue goes on.
func ExampleQueue_Messages() {
	ctx := context.Background()
	broker := must(queue.Open(queue.Config{}))
	defer broker.Close()
	q := must(broker.CreateQueue(ctx, "q", queue.Patch{}))
	must(q.Send(ctx, text("a")))
	must(q.Send(ctx, queue.Message{Body: []byte("b"), Delay: new(time.Hour)}))
	must(q.Send(ctx, text("c")))
	must(q.Receive(ctx, nil))
	for m, err := range q.Messages(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s is %v\n", m.Body, m.State)
	}
	// Output:
	// a is in flight
	// b is delayed
	// c is visible
}

// A message that repeats, until its schedule is cancelled between two
// occurrences. The clock is one that the example moves.
func ExampleQueue_Schedule() {
	ctx, clock := context.Background(), clock.NewMock()
	broker := must(queue.Open(queue.Config{Clock: clock}))
	defer broker.Close()
	reports := must(broker.CreateQueue(ctx, "reports", queue.Patch{}))

	hourly := must(reports.Schedule(ctx, queue.Schedule{
		Name:       "hourly report", // to schedule it again at the next start changes nothing
		Message:    text("count the visitors"),
		Recurrence: queue.Recurrence{First: clock.Now().Add(time.Hour), Every: time.Hour},
	}))
	clock.Add(time.Hour)
	clock.Add(time.Hour)
	clock.Add(30 * time.Minute)
	cancelled := must(broker.CancelSchedule(ctx, hourly.ID))
	fmt.Println(cancelled.State, "after", cancelled.Published)

	clock.Add(24 * time.Hour)
	for d, err := range reports.Deliveries(ctx, &queue.ReceiveOptions{Wait: new(time.Duration(0))}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s at %s\n", d.Body, d.NominalAt.Format("15:04"))
	}
	_, err := broker.CancelSchedule(ctx, hourly.ID)
	fmt.Println(err)
	// Output:
	// cancelled after 2
	// count the visitors at 01:00
	// count the visitors at 02:00
	// queue: cancel schedule: schedule already cancelled
}

// A cron expression speaks of the clocks in its time zone. In Berlin they were
// put forward in the night to the 31st of March 2030, and half past two was
// never shown.
func ExampleQueue_Schedule_cron() {
	ctx, clock := context.Background(), clock.NewMock()
	clock.Set(time.Date(2030, time.March, 30, 0, 0, 0, 0, time.UTC))
	broker := must(queue.Open(queue.Config{Clock: clock}))
	defer broker.Close()
	backups := must(broker.CreateQueue(ctx, "backups", queue.Patch{}))

	must(backups.Schedule(ctx, queue.Schedule{
		Message:    text("back up"),
		Recurrence: queue.Recurrence{Cron: "30 2 * * *", Zone: "Europe/Berlin"},
		Misfire:    queue.MisfireAll, // none may be left out, however late
	}))
	clock.Add(3 * 24 * time.Hour)
	berlin := must(time.LoadLocation("Europe/Berlin"))
	for _, m := range must(backups.Peek(ctx, 10)) {
		fmt.Println(m.NominalAt.In(berlin).Format("Mon 15:04 -0700"))
	}
	// Output:
	// Sat 02:30 +0100
	// Sun 03:00 +0200
	// Mon 02:30 +0200
}
