// Package stress holds tests that let many goroutines loose on one queue and
// then count. What they did is never the same twice, so they check only what
// must be true of every run:
//
//	holder        no two consumers hold a message at the same time
//	conservation  what was sent is deleted or cancelled, once, and nothing else is
//	limit         limits are reached and never exceeded, and usage goes back to zero
//	hand-over     a message wakes one of ten thousand waiting receives, no more
//	close         everybody gets away when the broker is closed under load
//
// They are worth most under the race detector.
package stress
