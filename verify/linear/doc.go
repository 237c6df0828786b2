// Package linear checks that concurrent use of a queue is linearizable: that
// the answers which many clients got are those of some order of their calls, one
// after the other, in which no call comes before one that had returned when it
// began.
//
//	plan     what clients do, drawn from a seed
//	history  their calls and the answers, with stamps from one counter
//	spec A   one message: who may receive, delete, change or cancel it
//	spec B   one queue: which message comes next, and that an empty answer is
//	         given only if there was nothing to hand out
//	spec C   the move tasks of one source: at most one active, what each moved
//	         and to where, and that a cancel stops it
//
// Spec A looks at each message of a history by itself, so that long histories
// can be checked. It cannot see order, emptiness or counts. Spec B can, and
// costs more, so its histories are short and many. Both stand on the same rules
// for one message.
//
// The clock stands still while calls overlap and is advanced between the phases
// of a history, so every call carries the one instant at which it was decided.
//
// Receives that wait are part of the traffic. One whose context ended took
// nothing, so it is left out of the history; had it taken a message, the
// message would be missing from what others see.
package linear
