// Package driver is the seam between the broker and the engine that keeps the
// messages. Programs use package queue; this package is for those who write an
// engine.
//
// # What an engine keeps
//
//	queue    (instance, name, attributes)     an instance is never used twice
//	message  (instance, sequence) -> body, attributes, place
//
// A message is in exactly one place: visible, delayed or in flight in one
// queue, or gone. Every method of [Engine] that changes a place decides it at
// one point, so of any number of concurrent deletes, receives, cancels, purges
// and expiries of one message exactly one takes it.
//
// # Time
//
// Every method takes now, the broker's time. It never goes back within one
// broker, but concurrent calls may reach the engine in another order than they
// read the clock: an engine treats a now that is earlier than one that it has
// already seen for that queue as that later one. Before it answers anything,
// an engine applies all that fell due until now, in the order of the instants
// at which it fell due: delays and visibility timeouts that ended, and then, of
// what falls due at the same instant, messages whose retention ended. Deadlines are half-open: in force while now is before
// the deadline. An engine whose store has a clock of its own (a database that
// several machines share) may ignore now and let that clock decide, which is
// why delays and timeouts travel as durations.
//
// # Order
//
// A standard queue hands out messages by groups in rotation. The messages that
// are visible stand in one line for each group, in the order in which they
// became visible (those that fall due at the same instant, by sequence); the
// groups that have such a line stand in a line themselves. A receive takes the first message of the first group, and
// the group then goes to the end of the line, if it has messages left. A group
// that gets its first visible message joins at the end. Messages without a
// group are one group of their own, so a queue without groups is first in,
// first out by the instant of becoming visible. A message that is visible at
// once (a send without delay, a change of the visibility timeout to zero, a
// receive with a visibility timeout of zero, an arrival from another queue)
// joins its line at that point of the call, a receive's after all that it took.
//
// A FIFO queue hands out the visible message with the lowest sequence whose
// group has nothing in flight. One receive of several messages may take several
// of one group, in order.
//
// # Errors
//
// An error means that the request as a whole had no effect, with the one
// exception of [ErrUnknownOutcome]. What happened to one message of many is a
// result, never an error.
package driver
