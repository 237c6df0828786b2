// Package scheduler keeps things in the order in which they fall due, and says
// when that which recurs falls due next.
//
// # Order
//
// An [Index] stores one kind of entry, a [Key], and nothing beside it:
//
//	(instant, sequence, slot)    24 bytes, no pointers
//
// The slot is the caller's way back from a key to the thing that it stands for,
// such as an index into a slice of records. An [Index] holds any number of keys
// in ascending order. For any keys A and B in it:
//
//   - A comes before B if A's instant is earlier, whatever their zones.
//   - At the same instant, A comes before B if its sequence is lower, so things
//     that fall due together come out in the order in which they were numbered.
//   - A is due from its instant on, not only after it: deadlines are half-open.
//
// A key does not change. To give a thing another instant, delete the exact key
// that it has and insert another.
//
// # Recurrence
//
// A [Recurrence] is plain data: once, every period, or an expression for cron in
// the time zone of a place. The [Timetable] made of it holds its occurrences. For
// any instants A and B:
//
//   - Whether something occurs at A follows from the recurrence and its
//     beginning, never from when somebody asked.
//   - If A is before B, the next occurrence after A is not after that after B.
//   - The latest occurrence by the next one is the next one.
//   - It takes the same time to find an occurrence a minute from A and one
//     400 years from it.
//
// What happens where the clocks of the place are put forward or back is said at
// [Timetable].
//
// The package reads no clock, starts no goroutine and takes no lock: the caller
// says what time it is.
package scheduler
