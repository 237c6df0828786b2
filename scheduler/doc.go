// Package scheduler keeps things in the order in which they fall due.
//
// It stores one kind of entry, a [Key], and nothing beside it:
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
// The package reads no clock, starts no goroutine and takes no lock: the caller
// says what time it is.
//
// A key does not change. To give a thing another instant, delete the exact key
// that it has and insert another.
package scheduler
