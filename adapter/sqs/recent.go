package sqs

import (
	"sync"
	"time"
)

const (
	recentSpan = time.Minute
	maxRecent  = 10_000
)

// A recent remembers for a minute what was done, and for the latest 10,000
// things at the most: an older one is then forgotten early. The zero value
// remembers nothing yet.
type recent[K comparable] struct {
	mu    sync.Mutex // guards all below
	at    map[K]time.Time
	order []K // every key of at, in the order in which they were noted
}

// note remembers key as of now.
func (r *recent[K]) note(now time.Time, key K) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.noteLocked(now, key)
}

// first reports whether key was not noted in the latest minute, and notes it if
// so. Of several callers at once exactly one is told true.
func (r *recent[K]) first(now time.Time, key K) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.hasLocked(now, key) {
		return false
	}
	r.noteLocked(now, key)
	return true
}

// has reports whether key was noted in the latest minute.
func (r *recent[K]) has(now time.Time, key K) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.hasLocked(now, key)
}

func (r *recent[K]) hasLocked(now time.Time, key K) bool {
	at, ok := r.at[key]
	return ok && fresh(now, at)
}

func (r *recent[K]) noteLocked(now time.Time, key K) {
	for len(r.order) > 0 {
		oldest := r.order[0]
		if at, ok := r.at[oldest]; ok && fresh(now, at) && len(r.order) < maxRecent {
			break
		}
		delete(r.at, oldest)
		r.order = r.order[1:]
	}
	if r.at == nil {
		r.at = make(map[K]time.Time)
	}
	r.at[key] = now
	r.order = append(r.order, key)
}

// fresh reports whether at is within the latest minute. What a clock that was
// set back puts into the future is not.
func fresh(now, at time.Time) bool {
	age := now.Sub(at)
	return 0 <= age && age < recentSpan
}
