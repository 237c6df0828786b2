package receipt

import "testing"

func BenchmarkSeal(b *testing.B) {
	s := newTestSealer(b, testKey(1))
	r := golden[1].receipt
	b.ReportAllocs()
	for b.Loop() {
		s.Seal(r)
		r.Nonce++
	}
}

func BenchmarkOpen(b *testing.B) {
	s := newTestSealer(b, testKey(1))
	for _, c := range []struct{ name, handle string }{
		{"good", golden[1].handle},
		{"forged", golden[1].handle[:handleSize-1] + "A"},
		{"foreign", newTestSealer(b, testKey(2)).Seal(golden[1].receipt)},
	} {
		b.Run("handle="+c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.Open(c.handle)
			}
		})
	}
}

func BenchmarkSealParallel(b *testing.B) {
	s := newTestSealer(b, testKey(1))
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		r := golden[1].receipt
		for pb.Next() {
			s.Seal(r)
			r.Nonce++
		}
	})
}
