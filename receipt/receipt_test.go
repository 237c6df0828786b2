package receipt

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"math"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// testKey returns the bytes first, first+1, and so on, 32 of them.
func testKey(first byte) []byte {
	key := make([]byte, 32)
	for i := range key {
		key[i] = first + byte(i)
	}
	return key
}

func newTestSealer(t testing.TB, key []byte, previous ...[]byte) *Sealer {
	t.Helper()
	s, err := NewSealer(key, previous...)
	if err != nil {
		t.Fatalf("NewSealer: %v", err)
	}
	return s
}

// expect opens the handle and compares what it says.
func expect(t testing.TB, s *Sealer, handle string, want Receipt) {
	t.Helper()
	if got, err := s.Open(handle); err != nil || got != want {
		t.Errorf("Open(%q) = %v, %v, want %v", handle, got, err, want)
	}
}

// expectMalformed opens the handle and wants it refused.
func expectMalformed(t testing.TB, s *Sealer, handle, what string) {
	t.Helper()
	if got, err := s.Open(handle); err != ErrMalformed || got != (Receipt{}) {
		t.Errorf("%s: Open(%q) = %v, %v, want the zero Receipt and %v", what, handle, got, err, ErrMalformed)
	}
}

// golden are handles under testKey(1). They were made by another program from
// the package comment: a change that breaks them makes all receipts in the
// hands of consumers worthless, and wants another version.
var golden = []struct {
	receipt Receipt
	handle  string
}{
	{
		Receipt{},
		"AYBFgjAPpgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAC3t0r2MvpKEiaY9VS30S9G",
	},
	{
		Receipt{
			Queue:      1,
			Message:    [16]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
			Generation: 1,
			Nonce:      2,
		},
		"AYBFgjAPpgAAAAAAAAABAAECAwQFBgcICQoLDA0ODwAAAAAAAAABAAAAAAAAAALw1v2v9Dy_bKMRenuUNJnG",
	},
	{
		Receipt{
			Queue:      0x0102030405060708,
			Message:    [16]byte{240, 241, 242, 243, 244, 245, 246, 247, 248, 249, 250, 251, 252, 253, 254, 255},
			Generation: 0x1112131415161718,
			Nonce:      0x2122232425262728,
		},
		"AYBFgjAPpgECAwQFBgcI8PHy8_T19vf4-fr7_P3-_xESExQVFhcYISIjJCUmJyi9l4uOU-A8IZltji1ifcsR",
	},
	{
		Receipt{
			Queue:      math.MaxUint64,
			Message:    [16]byte(bytes.Repeat([]byte{0xff}, 16)),
			Generation: math.MaxUint64,
			Nonce:      math.MaxUint64,
		},
		"AYBFgjAPpv_____________________________________________________nHl3WxqnYE4LmC7oJz6VB",
	},
}

func TestGoldenHandles(t *testing.T) {
	s := newTestSealer(t, testKey(1))
	for _, g := range golden {
		if got := s.Seal(g.receipt); got != g.handle {
			t.Errorf("Seal(%v) = %q, want %q", g.receipt, got, g.handle)
		}
		expect(t, s, g.handle, g.receipt)
	}
}

// plainSeal makes a handle in the plainest way, with the given version.
func plainSeal(key []byte, version byte, r Receipt) string {
	sum := func(key, data []byte) []byte {
		h := hmac.New(sha256.New, key)
		h.Write(data)
		return h.Sum(nil)
	}
	raw := append([]byte{version}, sum(key, []byte("redrive receipt 1 key id"))[:6]...)
	raw = binary.BigEndian.AppendUint64(raw, r.Queue)
	raw = append(raw, r.Message[:]...)
	raw = binary.BigEndian.AppendUint64(raw, r.Generation)
	raw = binary.BigEndian.AppendUint64(raw, r.Nonce)
	tag := sum(sum(key, []byte("redrive receipt 1")), raw)[:16]
	return base64.RawURLEncoding.EncodeToString(append(raw, tag...))
}

func TestSealAgainstPlainSeal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.SliceOfN(rapid.Byte(), 32, 100).Draw(t, "key")
		r := drawReceipt(t)
		s, err := NewSealer(key)
		if err != nil {
			t.Fatalf("NewSealer: %v", err)
		}
		got := s.Seal(r)
		if want := plainSeal(key, 1, r); got != want {
			t.Fatalf("Seal(%v) = %q, want %q", r, got, want)
		}
		if again := s.Seal(r); again != got {
			t.Fatalf("Seal(%v) again = %q, want %q", r, again, got)
		}
		opened, err := s.Open(got)
		if err != nil || opened != r {
			t.Fatalf("Open(Seal(%v)) = %v, %v", r, opened, err)
		}
	})
}

func drawReceipt(t *rapid.T) Receipt {
	return Receipt{
		Queue:      rapid.Uint64().Draw(t, "queue"),
		Message:    [16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "message")),
		Generation: rapid.Uint64().Draw(t, "generation"),
		Nonce:      rapid.Uint64().Draw(t, "nonce"),
	}
}

func TestHandleAlphabetAndLength(t *testing.T) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	s := newTestSealer(t, testKey(1))
	for nonce := range uint64(1000) {
		handle := s.Seal(Receipt{Nonce: nonce})
		if len(handle) != 84 || strings.Trim(handle, alphabet) != "" {
			t.Fatalf("nonce %d: handle %q of %d characters, want 84 of base64url", nonce, handle, len(handle))
		}
	}
}

func TestOtherVersionIsRefused(t *testing.T) {
	s := newTestSealer(t, testKey(1))
	r := golden[1].receipt
	expect(t, s, plainSeal(testKey(1), 1, r), r)
	for _, version := range []byte{0, 2, 255} {
		expectMalformed(t, s, plainSeal(testKey(1), version, r), "another version under the right key")
	}
}

func TestKeyRotation(t *testing.T) {
	r := golden[1].receipt
	first := newTestSealer(t, testKey(1))
	second := newTestSealer(t, testKey(2), testKey(1))
	third := newTestSealer(t, testKey(3), testKey(2), testKey(1))
	forgot := newTestSealer(t, testKey(3), testKey(2))

	expect(t, third, first.Seal(r), r)
	expect(t, third, second.Seal(r), r)
	expect(t, third, third.Seal(r), r)
	expect(t, forgot, second.Seal(r), r)
	expectMalformed(t, forgot, first.Seal(r), "a key that is previous no longer")
	expectMalformed(t, first, second.Seal(r), "a key that is not known yet")
	if got, want := third.Seal(r), newTestSealer(t, testKey(3)).Seal(r); got != want {
		t.Errorf("handle sealed beside previous keys = %q, want %q", got, want)
	}
}

// A handle whose tag is right under the current key, but that names another, is
// none that Seal makes.
func TestOtherKeyIDIsRefused(t *testing.T) {
	s := newTestSealer(t, testKey(1), testKey(2))
	raw, _ := base64.RawURLEncoding.DecodeString(golden[1].handle)
	for _, id := range [][keyIDSize]byte{{}, s.keys[1].id} {
		copy(raw[keyIDAt:], id[:])
		tag := s.keys[0].tag((*[tagAt]byte)(raw))
		copy(raw[tagAt:], tag[:])
		expectMalformed(t, s, base64.RawURLEncoding.EncodeToString(raw), "another key ID")
	}
}

func TestKeySize(t *testing.T) {
	long := bytes.Repeat([]byte{7}, 32)
	for _, short := range [][]byte{nil, {}, long[:1], long[:31]} {
		if s, err := NewSealer(short); err == nil {
			t.Errorf("NewSealer(%d bytes) = %v, want an error", len(short), s)
		}
		s, err := NewSealer(long, long, short)
		if err == nil || !strings.Contains(err.Error(), "key 3 of 3") {
			t.Errorf("NewSealer with a previous key of %d bytes = %v, %v, want an error about key 3 of 3", len(short), s, err)
		}
	}
	newTestSealer(t, long, bytes.Repeat(long, 10))
}

func TestKeysBelongToTheCaller(t *testing.T) {
	key, previous := testKey(1), testKey(2)
	s := newTestSealer(t, key, previous)
	old := newTestSealer(t, previous).Seal(golden[1].receipt)
	clear(key)
	clear(previous)
	if got, want := s.Seal(golden[1].receipt), golden[1].handle; got != want {
		t.Errorf("Seal after the key was overwritten = %q, want %q", got, want)
	}
	expect(t, s, old, golden[1].receipt)
}

func TestConcurrentUse(t *testing.T) {
	s := newTestSealer(t, testKey(1), testKey(2))
	previous := newTestSealer(t, testKey(2))
	var wg sync.WaitGroup
	for worker := range uint64(8) {
		wg.Go(func() {
			for nonce := range uint64(200) {
				r := Receipt{Queue: worker, Nonce: nonce}
				expect(t, s, s.Seal(r), r)
				expect(t, s, previous.Seal(r), r)
			}
		})
	}
	wg.Wait()
}
