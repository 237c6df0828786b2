package sqs

import (
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
)

// The digests by which the SDKs check that a message came through unaltered.
// They are part of the protocol and protect against nobody.

// md5OfBody returns the digest of a message's body.
func md5OfBody[T string | []byte](body T) string {
	sum := md5.Sum([]byte(body))
	return hex.EncodeToString(sum[:])
}

// md5OfAttributes returns the digest of message attributes, or of message system
// attributes. It is empty if there are none.
//
// The attributes come in the order of their names, each as
//
//	length and name, length and data type, 1 and length and text
//	length and name, length and data type, 2 and length and bytes
//
// with lengths of four bytes, big-endian.
func md5OfAttributes(attributes map[string]attributeValue) string {
	if len(attributes) == 0 {
		return ""
	}
	var data []byte
	for _, name := range sortedKeys(attributes) {
		value := attributes[name]
		data = appendSized(data, name)
		data = appendSized(data, value.DataType)
		if value.StringValue != nil {
			data = appendSized(append(data, 1), *value.StringValue)
		} else {
			data = appendSized(append(data, 2), value.BinaryValue)
		}
	}
	return md5OfBody(data)
}

func appendSized[T string | []byte](data []byte, text T) []byte {
	data = binary.BigEndian.AppendUint32(data, uint32(len(text)))
	return append(data, text...)
}
