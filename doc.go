// Package redrive is a message queue that lives inside a Go program.
//
// It holds no code; this comment is the map.
//
// # The model
//
// A [queue.Broker] holds queues; a queue holds messages; a message is in exactly
// one place:
//
//	send ──► delayed ──► visible ◄──► in flight ──► gone
//	            └───────────┴── cancel ──────────────┘
//
// A send puts a message into a queue, visible at once or after a delay. A
// receive hands out visible messages and hides them for a visibility timeout:
// they are in flight, and the consumer holds a receipt for each. With the
// receipt it deletes the message, or changes the timeout. If it does neither,
// the message becomes visible again and somebody else receives it. A message
// that was received too often goes to the dead-letter queue; one that nobody
// deleted is gone when the queue's retention ends. A message that nobody has
// received yet can be taken back by its ID.
//
// Three things change queues or make messages. A move task empties one queue,
// mostly a dead-letter queue, into another, or each message back to where it
// came from. A transfer lets messages that wait in one queue wait in another, or
// go to another broker, and its cancel puts them back as they were. A schedule
// sends a message once, in a period, or by a cron expression.
//
// # What it promises
//
//   - A message that was sent is received until it is deleted, cancelled,
//     purged, or its retention ends; nothing else makes it disappear.
//   - While the visibility timeout of message A runs, nobody else receives A.
//     After it has ended somebody may: delivery is at least once. Every delivery
//     has a fencing number that is higher than the last.
//   - An old receipt of A does nothing to A's later deliveries, nor to another
//     message, another queue, or a later queue of the same name.
//   - If A is cancelled, nobody has received it and nobody will. The answer to a
//     cancel, a delete or a change is what happened, never a guess.
//   - A message that is moved or transferred is in exactly one queue for every
//     observer. After the cancel of a move task has returned, it moves nothing;
//     after a transfer and its cancel, A is what it was.
//   - An occurrence of a schedule comes once, and none after its cancel.
//   - In a FIFO queue, if A was sent before B in the same message group, B is
//     not delivered before A, nor while A is in flight.
//   - In a standard queue, messages come in the order in which they became
//     visible, and if they have groups, the groups take turns: a long backlog of
//     one does not hold up the others.
//   - A receive that waits returns at the instant at which there is a message
//     for it. No part of the library polls. One whose context ends takes nothing.
//   - All of this goes by one clock, which can be a mock clock or that of a
//     testing/synctest bubble. Deadlines are in force while now is before them.
//
// # The packages
//
//   - [github.com/redriveq/redrive/queue]: the API.
//   - [github.com/redriveq/redrive/batch]: entries with the caller's IDs and one
//     outcome each; and helpers that gather single calls into batches.
//   - [github.com/redriveq/redrive/movetask]: runs move tasks.
//   - [github.com/redriveq/redrive/xfer]: transfers between queues and brokers.
//   - [github.com/redriveq/redrive/receipt]: how receipts are sealed.
//   - [github.com/redriveq/redrive/scheduler]: the index by time, recurrences.
//   - [github.com/redriveq/redrive/queue/driver]: the seam to the engine that
//     keeps the messages; [github.com/redriveq/redrive/queue/memqueue] keeps them
//     in memory; [github.com/redriveq/redrive/queue/drivertest] tests engines.
//   - [github.com/redriveq/redrive/adapter/sqs]: a handler that speaks the
//     protocol of Amazon SQS and of Yandex Message Queue.
//
// An engine on disk and HTTP handlers that speak the protocols of Tencent CMQ,
// Backendless and KumoMTA come on top of these.
//
// [queue.Broker]: https://pkg.go.dev/github.com/redriveq/redrive/queue#Broker
package redrive
