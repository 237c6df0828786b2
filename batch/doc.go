// Package batch sends, deletes and changes visibility in batches: several
// entries in one request, each with an ID that the caller chose and an outcome
// of its own. It is the form that the batch operations of hosted queues have.
//
//	request   [entry (ID, message or receipt) …]
//	results   [result (ID, value or error) …]      one for each entry, in its order
//
// A request is refused as a whole, before its first effect, if it breaks the
// [Limits] that it is made under: no entries, too many, too many bytes, an ID
// that is invalid or used twice. After that, for any entries A and B of it:
//
//   - What becomes of A does not depend on a failure of B.
//   - If A stands before B, A acts before B, with nothing in between: of two
//     messages with one deduplication ID the second is a duplicate of the first,
//     and of two deletes by one receipt the second finds the message gone.
//   - A batch does what its entries would do one by one.
//
// A request is one call of the broker. It is never split, because a call that
// fails after another has succeeded would leave a state that no one error can
// tell. So the broker's profile limits it too: where the profile's MaxBatch is
// below the entries of a request, that is refused with [queue.ErrInvalid].
//
// # Sending again
//
// Who sends a batch again because some of it failed must send the failed
// entries only: [Results.Failed] names them, and results[i] is what became of
// entries[i]. The others have taken effect. To send them once more makes second
// copies of their messages, except where a deduplication ID prevents it, and to
// delete them once more reports [queue.ErrMessageGone] for what has succeeded.
// Not every failure is worth it: [queue.ErrQueueFull] may pass, a
// [queue.ErrInvalid] will not, and after [queue.ErrReceiptSuperseded] the
// message is somebody else's. An error of the request as a whole means that no
// entry has taken effect, except for [queue.ErrUnknownOutcome], after which only
// messages with deduplication IDs can be sent again without risk.
//
// # Gathering
//
// [Sender] and [Deleter] make batches of the single calls of many goroutines.
// They pay where a call of the engine is dear and several cost hardly more than
// one, as where each call waits for a disk or a network. With an engine in
// memory they only add their own cost.
package batch
