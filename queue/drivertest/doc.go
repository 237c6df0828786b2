// Package drivertest checks that a [driver.Engine] keeps its contract. An
// engine's own test is a call of [Run]:
//
//	func TestEngine(t *testing.T) {
//		drivertest.Run(t, func(testing.TB) driver.Engine { return memqueue.New() })
//	}
//
// Three things look at an engine in three ways:
//
//   - Scenarios play one rule each, at fixed instants, and name the sentence of
//     the contract that they prove. They tell what is broken.
//   - [Drive] draws long random histories and compares every answer with that of
//     the model. It also counts all messages every so often, and looks whether a
//     transfer there and back changes nothing. It finds what nobody thought of,
//     and says by its [Report] whether it reached the states that matter.
//     [DriveBytes] is the same for a fuzzer.
//   - [Machine] plays the same steps under rapid, which shrinks a failure to the
//     few calls that are needed.
//
// [Bench] measures.
//
// The suite decides what time it is. An engine whose store has a clock of its
// own can be checked only if that clock can be set to the instants of the calls.
//
// Where the contract leaves an engine free, the suite does too: in all IDs and
// nonces, in how sequences, generations and the numbers of schedules grow, and in
// when a schedule ended whose queue was deleted. It asks nothing
// about concurrency: all calls come one after the other.
package drivertest
