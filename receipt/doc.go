// Package receipt seals what a receipt says into an opaque handle, and opens
// handles again.
//
// A handle is 84 characters of unpadded base64url, which stand for 63 bytes:
//
//	offset  bytes
//	     0      1  version, 1
//	     1      6  key ID, derived from the broker's key
//	     7      8  queue instance
//	    15     16  message
//	    31      8  generation
//	    39      8  nonce
//	    47     16  HMAC-SHA-256 over all before it, cut to its first 16 bytes
//
// Numbers are big-endian. 63 is a multiple of 3, so no bits are left over at
// the end, and every handle has exactly one spelling.
//
// The HMAC's key and the key ID are HMACs themselves, of two labels under the
// broker's key:
//
//	HMAC key  HMAC-SHA-256("redrive receipt 1")
//	key ID    HMAC-SHA-256("redrive receipt 1 key id"), its first 6 bytes
//
// What that gives, for a handle A that a broker sealed:
//
//   - Whoever does not have the broker's key cannot make a handle that the broker
//     opens: not of parts of A and of other handles, and not by spelling A in
//     another way.
//   - A can be opened for as long as the broker's key is in use or is named as a
//     previous one, also after a restart.
//   - Whether the queue of A exists, and whether A is still in force, makes no
//     difference to the time that opening takes: this package does not know.
//
// A handle is not encrypted: its holder can read what it says. And it is a key
// to one delivery: do not log it. Log the message and the generation.
package receipt
