package drivertest

import "math/rand/v2"

// A source draws the choices of a run. Of several choices the plainest is 0, so
// that a run shrinks by drawing smaller numbers.
type source interface {
	// Intn returns a number from 0 to n-1. n is at least 1.
	Intn(n int) int
}

// A seeded source draws random numbers.
type seeded struct{ *rand.Rand }

func newSeeded(seed uint64) seeded { return seeded{rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15))} }

func (s seeded) Intn(n int) int { return s.IntN(n) }

// A byteSource draws from bytes, and 0 when they are used up. It takes one byte
// for up to 256 choices, two for more.
type byteSource struct{ rest []byte }

func (s *byteSource) Intn(n int) int {
	if n <= 1 {
		return 0
	}
	number := s.next()
	if n > 256 {
		number |= s.next() << 8
	}
	return number % n
}

func (s *byteSource) next() int {
	if len(s.rest) == 0 {
		return 0
	}
	b := s.rest[0]
	s.rest = s.rest[1:]
	return int(b)
}
