package receipt

import "testing"

// FuzzOpen wants every text refused or, if it is opened, to be the one spelling
// of what it says. The committed corpus has handles under testKey(1).
func FuzzOpen(f *testing.F) {
	s := newTestSealer(f, testKey(1))
	for _, g := range golden {
		f.Add(g.handle)
	}
	f.Fuzz(func(t *testing.T, handle string) {
		r, err := s.Open(handle)
		switch {
		case err == nil:
			if got := s.Seal(r); got != handle {
				t.Errorf("Open(%q) = %v, whose handle is %q", handle, r, got)
			}
		case err != ErrMalformed || r != Receipt{}:
			t.Errorf("Open(%q) = %v, %v, want the zero Receipt and %v", handle, r, err, ErrMalformed)
		}
	})
}
