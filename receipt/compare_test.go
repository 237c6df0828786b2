package receipt

import (
	"bytes"
	"os"
	"testing"
)

// TestTagsAreComparedInConstantTime reads the source: no test of behaviour can
// tell hmac.Equal from another comparison.
func TestTagsAreComparedInConstantTime(t *testing.T) {
	source, err := os.ReadFile("receipt.go")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(source, []byte("return hmac.Equal(tag[:], raw[tagAt:]) && known")) {
		t.Error("the tag is not compared by hmac.Equal, in every case")
	}
	if bytes.Contains(source, []byte("bytes.Equal")) {
		t.Error("something is compared in a time that depends on it")
	}
}
