// Package queue is the message queue: brokers, queues, and what is done with
// messages.
//
// There are few types. A [Broker] holds queues by name. A [Queue] is one
// instance of a queue, with [Attributes]. A [Message] goes out, a [Delivery]
// comes in, and an [Info] describes a message that is in a queue. A [Profile]
// holds the limits of a broker.
//
//	b, err := queue.Open(queue.Config{})
//	orders, err := b.CreateQueue(ctx, "orders", queue.Patch{})
//	sent, err := orders.Send(ctx, queue.Message{Body: []byte("tea")})
//	deliveries, err := orders.Receive(ctx, &queue.ReceiveOptions{Wait: new(time.Minute)})
//	err = orders.Delete(ctx, deliveries[0].Receipt)
//
// # Order
//
// In a standard queue messages come in the order in which they became visible,
// by sends, by the ends of delays and visibility timeouts, and by changes of
// them. If messages have groups, the groups take turns, one message a turn;
// those without a group are one group.
//
// In a FIFO queue the visible message with the lowest sequence comes first,
// except that a group that has messages in flight is passed over. So the
// messages of a group come in the order in which they were sent, one receive at
// a time, and a message that comes back comes before those behind it. A receive
// of several may return several of one group. A message sent with a delay of its
// own does not hold up those of its group that are visible.
//
// # What changes queues, and what repeats
//
// A message leaves its queue for another one in three ways: a receive
// dead-letters it, a step of a move task moves it ([Broker.StepMove], which
// package movetask calls in the background), or it is transferred
// ([Broker.Transfer], which package xfer makes into transfers with a cancel that
// restores). Each is one change: for every observer the message is in exactly one
// of the two queues. Its earlier receipts do nothing in the new one.
//
// A schedule ([Queue.Schedule]) sends a message at later instants of the wall
// clock. Its occurrences are published while the broker is open, each at its
// instant; what was missed meanwhile, as the schedule's [Misfire] policy says.
//
// # Receipts
//
// A receipt stands for one delivery. It is current while the visibility timeout
// runs. When that has ended it is late, as long as nobody receives the message
// again, and superseded afterwards. What it may then do, the queue's
// [ReceiptPolicy] says:
//
//	            late                           superseded
//	Strict      nothing                        nothing
//	Latest      delete, change visibility      nothing
//	Any         delete, change visibility      delete
//
// (With RefuseLateChange, late receipts do not change the visibility.) A receipt
// that cannot be used any more changes nothing and says why. None acts on
// another message, another queue, a queue that was created later under the same
// name, or another broker.
//
// # Calls that take several
//
// A call that takes several inputs returns one result for each, in their order,
// and an error for the request as a whole; if that is not nil, nothing was done.
// The inputs act as if they came one after the other. The call that takes one is
// shorthand for it, with the result as an error where there is one.
//
// # Errors
//
// Errors of requests are *[Error] values, which name the operation and the queue
// and wrap the cause: test with errors.Is. Input that is refused gives an
// *[InvalidError] that names the field and the reason, before any effect. An
// error that is not [ErrUnknownOutcome] means that nothing was changed.
//
// # Contexts
//
// A context bounds the wait for messages and for the engine's store. A call
// whose context has ended before it began does nothing and returns the
// context's cause.
//
// # Time, and tests of programs that use the package
//
// A broker takes the time from its clock alone, once for each operation, and
// does what is due when it is asked or when somebody waits for it. Its time
// begins at the clock's first reading, advances by the clock's steps forward,
// and ignores steps back: so a deadline is never put off by a clock that is set
// back, and instants that the broker reports are ahead of such a clock.
//
// A test can hold the time in two ways:
//
//   - In a bubble of testing/synctest, with the default clock. Time jumps to the
//     next thing that is due when all goroutines of the bubble wait, and
//     synctest.Wait returns when all that was due has happened.
//   - With a mock clock, Config{Clock: clock.NewMock()}, and its Add and Set.
//     When Add has returned, every call on a queue answers as if all that was
//     due there by then had happened, whether or not a timer has fired: delays,
//     timeouts and retentions have ended in their order, and receives that were
//     waiting on the queue have been given their messages or are about to return.
//     What they were given, they were given at the time that the clock shows, so
//     an Add over several deadlines at once can hand over later than the clock of
//     the world would; and a dead letter that a waiting receive of another queue
//     causes is there when that queue has been called, or its receive returned.
//
// A test of deadlines goes to the instant before, then to the instant: a
// deadline is in force while now is before it.
//
// # Caveats
//
//   - Delivery is at least once. A consumer that takes longer than the
//     visibility timeout, or dies, causes another delivery. Make consumers
//     idempotent, or let them use [Delivery].Fence.
//   - With the engine in memory, messages are gone when the process ends.
//   - A deduplication ID protects a queue against a repeated send, not a
//     consumer against a repeated delivery.
//   - A visibility timeout of zero, or one shorter than the work, together with
//     a dead-letter policy sends healthy messages to the dead-letter queue. Use
//     [Queue.Peek] to look at messages.
package queue
