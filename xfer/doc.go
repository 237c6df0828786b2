// Package xfer transfers messages that wait in queues to another queue, to
// another broker in the process, or to another broker over HTTP, and puts them
// back.
//
//	           Start, to a queue
//	home ◄──────────────────────────► queue of the broker
//	  ▲        Cancel
//	  │        Start, to a Target                  the target accepts
//	  └────────────────────────────► transfer queue ────────────────► another broker
//	           Cancel, or the target refuses
//
// A [Manager] makes transfers. A transfer is a one-time drain: it takes what
// waits when it starts, and no message that comes later. The messages that go to
// a [Target] wait in a transfer queue of the broker (see
// [queue.Broker.TransferQueue]) until a sender, one for each such queue, has
// handed them over. [ToBroker] and [Client] are targets; the handler of
// [NewHandler] receives what a Client sends.
//
// For a message A that is transferred from queue Q:
//
//   - A is in exactly one queue of the broker at every instant, until a target
//     has said that it has accepted A; then it is deleted here.
//   - A cancel puts A back into Q as if it had never left: same place, same due
//     time, same receive count. With DueNow it is due at once, and all else is
//     kept. However often A was transferred on, it comes back to Q.
//   - After a cancel has fenced A off, which is the first thing that it does, no
//     sender begins to send A. If A was being sent, it is deleted if the target
//     accepts it and put back if not.
//   - If a target refuses A for good, A goes back to Q at once. If the target
//     fails, blocks or panics, A waits and is offered again.
//   - If A stands before B in a message group of a FIFO queue, a target accepts A
//     before B, also when it has failed in between.
//   - In the other broker A has another ID, the due time, instants and receive
//     count that it had in Q, and the same content, group and deduplication ID.
//
// What is in flight in Q is not touched: it has a consumer. Every change of queue
// is logged with a reason: see [Manager.Log].
//
// # Caveats
//
//   - Messages go to a target at least once. A receiver recognizes a message that
//     it has accepted, for 24 hours, by the node that it comes from and its ID
//     there. So a lost answer makes no double; but if the target accepts a message,
//     the answer is lost, and the message is then put back by a cancel, it is on
//     both sides.
//   - Q does not wait for A: in a FIFO queue it goes on with the messages of A's
//     group that it has.
//   - A receiver that has no room for a message takes nothing behind it either
//     until there is room.
//   - The fence of a cancel, and the list of tasks, are those of one Manager. One
//     that is opened later sends what waits for a target when that target is next
//     given to it; [Manager.CancelQueue] puts it back without.
//   - A broker should have one Manager at a time.
package xfer
