package receipt_test

import (
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/redriveq/redrive/receipt"
)

// A broker seals what it must know again, and opens what comes back.
func Example() {
	key := make([]byte, 32)
	rand.Read(key)
	sealer, err := receipt.NewSealer(key)
	if err != nil {
		fmt.Println(err)
		return
	}

	handle := sealer.Seal(receipt.Receipt{Queue: 7, Message: [16]byte{1, 2, 3}, Generation: 1, Nonce: 42})
	fmt.Println(len(handle), "characters")

	opened, err := sealer.Open(handle)
	fmt.Println(opened.Queue, opened.Generation, opened.Nonce, err)

	_, err = sealer.Open(handle + "\n")
	fmt.Println(err, errors.Is(err, receipt.ErrMalformed))
	// Output:
	// 84 characters
	// 7 1 42 <nil>
	// receipt: malformed true
}

// After a change of key, receipts from before it go on working for as long as
// the old key is named.
func ExampleNewSealer_rotation() {
	oldKey, newKey := make([]byte, 32), make([]byte, 32)
	rand.Read(oldKey)
	rand.Read(newKey)

	before, _ := receipt.NewSealer(oldKey)
	handle := before.Seal(receipt.Receipt{Generation: 3})

	after, _ := receipt.NewSealer(newKey, oldKey)
	opened, err := after.Open(handle)
	fmt.Println(opened.Generation, err)

	later, _ := receipt.NewSealer(newKey)
	_, err = later.Open(handle)
	fmt.Println(err)
	// Output:
	// 3 <nil>
	// receipt: malformed
}
