//go:build race

package scheduler

// zoneStep is every how many zones the tests look at: the race detector makes
// them ten times as slow.
const zoneStep = 12
