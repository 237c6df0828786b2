package memqueue

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"

	"github.com/redriveq/redrive/queue/driver"
)

// IDs make message IDs and read them. An ID is one AES-128 block,
//
//	instance (4 bytes)  slot (4)  sequence (8)
//
// enciphered with a key of the engine's own: it looks random, nobody can make
// one, and the message is found without a table. A message that came from
// another queue, or came back, keeps the ID that it has, so it needs the table
// moved.
type ids struct{ block cipher.Block }

func newIDs(key []byte) ids {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("memqueue: " + err.Error())
	}
	return ids{block}
}

func (c ids) seal(instance uint32, n slot, sequence uint64) (id driver.MessageID) {
	binary.BigEndian.PutUint32(id[:4], instance)
	binary.BigEndian.PutUint32(id[4:8], uint32(n))
	binary.BigEndian.PutUint64(id[8:], sequence)
	c.block.Encrypt(id[:], id[:])
	return id
}

func (c ids) open(id driver.MessageID) (instance uint32, n slot, sequence uint64) {
	c.block.Decrypt(id[:], id[:])
	return binary.BigEndian.Uint32(id[:4]), slot(binary.BigEndian.Uint32(id[4:8])), binary.BigEndian.Uint64(id[8:])
}
