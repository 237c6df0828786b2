// Package movetask moves the messages of a queue to another one in the
// background: a dead-letter queue back to where its messages came from, or any
// queue to any other.
//
//	               everything looked at
//	MoveRunning ─────────────────────────► MoveCompleted
//	     │ │       cannot go on
//	     │ └─────────────────────────────► MoveFailed
//	     │ Cancel                 a moment later
//	     └────────► MoveCancelling ──────► MoveCancelled
//
// A [Manager] runs the move tasks of a broker, each in a goroutine of its own, at
// the rate that was asked for. The broker keeps the tasks and makes their steps,
// so they live as long as the broker's engine keeps them, and a Manager that is
// opened later goes on with those that were not finished.
//
// For a task from queue A to queue B, and every message of A:
//
//   - It is in A or in B for every observer, never in both and never in none.
//   - The task does not receive it: consumers of A are not kept from it, and its
//     receive count says nothing of the task.
//   - If it came to A after the start of the task, the task does not move it. So a
//     task ends even if consumers send to A what it has moved.
//   - If it is delayed or in flight when the task comes to it, it stays in A.
//   - After a cancel has returned it is not moved by the task, whatever the rate,
//     and the count that the cancel has returned is final.
//
// What was moved before a cancel or a failure stays moved: a task is no
// transaction. [queue.MoveTask.Moved] is the exact number of messages that
// arrived, at every moment.
//
// # Pace
//
// A task with a rate moves at most that many messages in any second of the
// broker's clock. The first ones are moved when it starts, and the others evenly,
// message by message, or in up to fifty small groups a second at higher rates.
// What is late is not made up for. Without a rate, a task is as fast as the
// engine is, and other calls of the broker come in between its steps.
//
// # Sources that are deleted
//
// The broker forgets the tasks of a queue that is deleted. A Manager that was
// running such a task answers for it until it is closed: it has failed with
// [queue.MoveSourceGone]. The latest hundred are kept.
package movetask
