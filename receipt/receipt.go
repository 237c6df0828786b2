package receipt

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
)

// ErrMalformed is returned by [Sealer.Open] for what is no handle of this
// broker. A handle of another broker is malformed too: the two cannot be told
// apart.
var ErrMalformed = errors.New("receipt: malformed")

// A Receipt is what a handle says, opened: one delivery of one message. All
// fields are the broker's own; every value of each can be sealed.
type Receipt struct {
	Queue      uint64   // the instance of the queue
	Message    [16]byte // the ID of the message
	Generation uint64   // grows with every delivery of the message
	Nonce      uint64   // random for each delivery
}

// The layout of a handle; see the package comment.
const (
	version = 1

	keyIDAt      = 1
	queueAt      = keyIDAt + keyIDSize
	messageAt    = queueAt + 8
	generationAt = messageAt + 16
	nonceAt      = generationAt + 8
	tagAt        = nonceAt + 8
	rawSize      = tagAt + tagSize

	handleSize = rawSize / 3 * 4
)

// A Sealer seals receipts and opens handles with the key of one broker. Make
// one with [NewSealer]; the zero value cannot be used.
//
// All methods are safe for concurrent use. A Sealer keeps no memory of what it
// sealed, so any two with the same key open each other's handles.
type Sealer struct {
	keys []*sealingKey // the first seals, all open
}

// NewSealer returns a Sealer for a broker's key, which has at least 32 bytes, all
// secret and random. Handles that were sealed with one of the previous keys are
// opened too: after a change of key, name the old one for as long as receipts
// of that time may be used. The keys are not kept, and the caller may overwrite
// them.
func NewSealer(key []byte, previous ...[]byte) (*Sealer, error) {
	s := new(Sealer)
	for i, key := range slices.Concat([][]byte{key}, previous) {
		k, err := newSealingKey(key)
		if err != nil {
			return nil, fmt.Errorf("receipt: key %d of %d: %w", i+1, 1+len(previous), err)
		}
		s.keys = append(s.keys, k)
	}
	return s, nil
}

// Seal returns the handle of r: 84 characters, each a letter, a digit, '-' or
// '_'. The same receipt always gets the same handle.
func (s *Sealer) Seal(r Receipt) string {
	k := s.keys[0]
	var raw [rawSize]byte
	raw[0] = version
	copy(raw[keyIDAt:], k.id[:])
	binary.BigEndian.PutUint64(raw[queueAt:], r.Queue)
	copy(raw[messageAt:], r.Message[:])
	binary.BigEndian.PutUint64(raw[generationAt:], r.Generation)
	binary.BigEndian.PutUint64(raw[nonceAt:], r.Nonce)
	tag := k.tag((*[tagAt]byte)(raw[:]))
	copy(raw[tagAt:], tag[:])

	var handle [handleSize]byte
	base64.RawURLEncoding.Encode(handle[:], raw[:])
	return string(handle[:])
}

// Open returns what the handle says. It returns [ErrMalformed] and the zero
// Receipt if the handle is not, character for character, one that Seal returned
// with the same key or with one of the previous keys.
func (s *Sealer) Open(handle string) (Receipt, error) {
	raw, ok := decode(handle)
	if !ok || raw[0] != version || !s.authentic(&raw) {
		return Receipt{}, ErrMalformed
	}
	return Receipt{
		Queue:      binary.BigEndian.Uint64(raw[queueAt:]),
		Message:    [16]byte(raw[messageAt:]),
		Generation: binary.BigEndian.Uint64(raw[generationAt:]),
		Nonce:      binary.BigEndian.Uint64(raw[nonceAt:]),
	}, nil
}

// decode returns the bytes that a handle spells. It reports false if the handle
// is no spelling, or not the only one, of as many bytes as a handle has.
func decode(handle string) (raw [rawSize]byte, ok bool) {
	if len(handle) != handleSize {
		return raw, false
	}
	var text [handleSize]byte
	copy(text[:], handle)
	// The decoder passes over CR and LF, but then it has fewer characters left
	// than it takes to fill raw.
	n, err := base64.RawURLEncoding.Decode(raw[:], text[:])
	return raw, err == nil && n == rawSize
}

// authentic reports whether raw ends in the tag of what is before it, under the
// key that it names.
func (s *Sealer) authentic(raw *[rawSize]byte) bool {
	k, known := s.key([keyIDSize]byte(raw[keyIDAt:]))
	tag := k.tag((*[tagAt]byte)(raw[:]))
	return hmac.Equal(tag[:], raw[tagAt:]) && known
}

// key returns the key of the given ID. If there is none, it returns another and
// reports false, so that the caller can do the same work for a handle of
// another broker as for a forged one.
func (s *Sealer) key(id [keyIDSize]byte) (k *sealingKey, known bool) {
	for _, k := range s.keys {
		if k.id == id {
			return k, true
		}
	}
	return s.keys[0], false
}

// String returns a text that names the key ID, which is no secret, and no keys.
func (s *Sealer) String() string {
	return fmt.Sprintf("receipt.Sealer(key ID %x, previous keys %d)", s.keys[0].id, len(s.keys)-1)
}

// Format writes what String returns, whatever the verb and the flags: nothing
// that prints a Sealer prints its keys.
func (s *Sealer) Format(state fmt.State, verb rune) {
	io.WriteString(state, s.String())
}
