package receipt

import (
	"encoding/base64"
	"strings"
	"testing"
)

// Every test here spoils handles that were good, and wants each refused.

func TestEveryChangeOfOneCharacterIsRefused(t *testing.T) {
	s := newTestSealer(t, testKey(1))
	for _, g := range golden {
		for i := range len(g.handle) {
			for c := range 256 {
				if changed := []byte(g.handle); byte(c) != changed[i] {
					changed[i] = byte(c)
					expectMalformed(t, s, string(changed), "one character changed")
				}
			}
		}
	}
}

func TestEveryTruncationIsRefused(t *testing.T) {
	s := newTestSealer(t, testKey(1))
	for _, g := range golden {
		for i := range len(g.handle) {
			expectMalformed(t, s, g.handle[:i], "end cut off")
			expectMalformed(t, s, g.handle[i+1:], "start cut off")
			expectMalformed(t, s, g.handle[:i]+g.handle[i+1:], "one character cut out")
		}
	}
}

func TestEveryExtensionIsRefused(t *testing.T) {
	s := newTestSealer(t, testKey(1))
	for _, g := range golden {
		for c := range 256 {
			for count := 1; count <= 4; count++ {
				extra := strings.Repeat(string([]byte{byte(c)}), count)
				expectMalformed(t, s, g.handle+extra, "extended at the end")
				expectMalformed(t, s, extra+g.handle, "extended at the start")
			}
		}
		expectMalformed(t, s, g.handle+g.handle, "twice")
		expectMalformed(t, s, strings.Repeat(g.handle, 10_000), "very long")
	}
}

// The characters that decoders of base64 pass over, and those that look like
// padding.
var fillers = []string{"\n", "\r", "\r\n", " ", "\t", "=", "==", "\x00"}

func TestEveryInsertionIsRefused(t *testing.T) {
	s := newTestSealer(t, testKey(1))
	for _, g := range golden {
		for i := range len(g.handle) + 1 {
			for _, filler := range fillers {
				expectMalformed(t, s, g.handle[:i]+filler+g.handle[i:], "inserted")
			}
		}
	}
}

// With a line break for the last character, the decoder has as many bytes as a
// handle has, but for the last. If that one is zero, nothing is missing.
func TestLineBreakForTheLastCharacterIsRefused(t *testing.T) {
	s := newTestSealer(t, testKey(1))
	handle := sealUntil(t, s, func(handle string) bool { return strings.HasSuffix(handle, "AA") })
	for i := range len(handle) {
		for _, filler := range []string{"\n", "\r"} {
			spelling := handle[:i] + filler + handle[i:len(handle)-1]
			expectMalformed(t, s, spelling, "line break for the last character")
		}
	}
}

// sealUntil seals one receipt after the other until good approves the handle.
func sealUntil(t *testing.T, s *Sealer, good func(handle string) bool) string {
	t.Helper()
	for nonce := range uint64(1e6) {
		if handle := s.Seal(Receipt{Nonce: nonce}); good(handle) {
			return handle
		}
	}
	t.Fatal("no handle of a million is what the test needs")
	return ""
}

func TestOtherAlphabetsAreRefused(t *testing.T) {
	s := newTestSealer(t, testKey(1))
	handle := sealUntil(t, s, func(handle string) bool { return strings.Contains(handle, "-") && strings.Contains(handle, "_") })
	raw, err := base64.RawURLEncoding.DecodeString(handle)
	if err != nil {
		t.Fatalf("DecodeString(%q): %v", handle, err)
	}
	expectMalformed(t, s, base64.RawStdEncoding.EncodeToString(raw), "standard alphabet")
	expectMalformed(t, s, strings.ReplaceAll(handle, "-", "+"), "plus for minus")
	expectMalformed(t, s, strings.ReplaceAll(handle, "_", "/"), "slash for underscore")
	expectMalformed(t, s, strings.ToLower(handle), "lower case")
	expectMalformed(t, s, strings.ToUpper(handle), "upper case")
	expectMalformed(t, s, strings.ReplaceAll(handle, "A", "\u0410"), "Cyrillic letter")
	expectMalformed(t, s, string(raw), "not encoded")
}

func TestPartsOfTwoHandlesAreRefused(t *testing.T) {
	s := newTestSealer(t, testKey(1))
	for _, a := range golden {
		for _, b := range golden {
			for i := range len(a.handle) {
				mixed := a.handle[:i] + b.handle[i:]
				if mixed != a.handle && mixed != b.handle {
					expectMalformed(t, s, mixed, "start of one, end of another")
				}
			}
		}
	}
}

// Every bit of what is sealed is under the tag, and every bit of the tag counts.
func TestEveryFlippedBitIsRefused(t *testing.T) {
	s := newTestSealer(t, testKey(1))
	for _, g := range golden {
		raw, err := base64.RawURLEncoding.DecodeString(g.handle)
		if err != nil {
			t.Fatalf("DecodeString(%q): %v", g.handle, err)
		}
		for bit := range 8 * len(raw) {
			raw[bit/8] ^= 1 << (bit % 8)
			expectMalformed(t, s, base64.RawURLEncoding.EncodeToString(raw), "one bit flipped")
			raw[bit/8] ^= 1 << (bit % 8)
		}
	}
}

// A broker with another key refuses, and its answer is that for a handle that
// was forged.
func TestForeignHandlesAreRefused(t *testing.T) {
	s, foreign := newTestSealer(t, testKey(1)), newTestSealer(t, testKey(2))
	for _, g := range golden {
		expectMalformed(t, foreign, g.handle, "handle of another broker")
		expectMalformed(t, s, foreign.Seal(g.receipt), "handle of another broker")
	}
	for _, text := range []string{"", "1", "AQ", "null", "not a receipt", strings.Repeat("A", 84)} {
		expectMalformed(t, s, text, "no handle at all")
	}
}
