package receipt

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"sync"
)

const (
	minKeySize = 32 // the least that a broker's key has
	keyIDSize  = 6
	tagSize    = 16

	// The labels under which keys are derived. They are part of the format.
	tagLabel   = "redrive receipt 1"
	keyIDLabel = "redrive receipt 1 key id"
)

// A sealingKey computes the tags of one broker key.
type sealingKey struct {
	id [keyIDSize]byte // tells the few keys of a rotation apart, and no more

	// macs holds *mac. The key is nowhere but in the state of their hashes and in
	// the function that makes them, where no printer and no encoder finds it.
	macs sync.Pool
}

// A mac is an HMAC with room for its input and output, which would otherwise
// be allocated for each tag: they are passed through an interface.
type mac struct {
	hash.Hash
	input [tagAt]byte
	sum   [sha256.Size]byte
}

func newSealingKey(key []byte) (*sealingKey, error) {
	if len(key) < minKeySize {
		return nil, fmt.Errorf("%d bytes, want at least %d", len(key), minKeySize)
	}
	tagKey := derive(key, tagLabel)
	k := &sealingKey{id: [keyIDSize]byte(derive(key, keyIDLabel))}
	k.macs.New = func() any { return &mac{Hash: hmac.New(sha256.New, tagKey)} }
	return k, nil
}

// derive returns 32 bytes that tell nothing of the key, nor of what is derived
// from it under another label.
func derive(key []byte, label string) []byte {
	h := hmac.New(sha256.New, key)
	io.WriteString(h, label)
	return h.Sum(nil)
}

// tag returns the authenticator of signed.
func (k *sealingKey) tag(signed *[tagAt]byte) [tagSize]byte {
	m := k.macs.Get().(*mac)
	defer k.macs.Put(m)
	m.input = *signed
	m.Reset()
	m.Write(m.input[:])
	return [tagSize]byte(m.Sum(m.sum[:0]))
}
