package xfer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
	"unicode/utf8"
)

// The keys of a record's line, and of its attributes.
var (
	recordKeys = []string{"id", "node", "queue", "body", "attributes", "group", "deduplicationId",
		"sentAt", "firstReceivedAt", "visibleAt", "retainFrom", "receiveCount", "hops"}
	attributeKeys = []string{"name", "kind", "label", "data"}
)

// checkText refuses what encoding/json replaces: bytes that are not UTF-8, and
// escapes of surrogates, which no character needs.
func checkText(line []byte) error {
	if !utf8.Valid(line) {
		return errors.New("not UTF-8")
	}
	for i := 0; i < len(line); i++ {
		if line[i] != '\\' {
			continue
		}
		i++
		if i+2 < len(line) && line[i] == 'u' && (line[i+1] == 'd' || line[i+1] == 'D') && line[i+2] >= '8' {
			return errors.New("escape of a surrogate")
		}
	}
	return nil
}

// checkKeys refuses keys that are not known exactly as they are written, keys
// that stand twice, and null.
func checkKeys(line []byte) error {
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	return checkObject(d, recordKeys)
}

func checkObject(d *json.Decoder, keys []string) error {
	if err := expect(d, '{'); err != nil {
		return err
	}
	var seen []string
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return plain(err)
		}
		key := token.(string) // a key is nothing else
		switch {
		case !slices.Contains(keys, key):
			return errors.New("a key is not known")
		case slices.Contains(seen, key):
			return fmt.Errorf("%s: it stands twice", key)
		}
		seen = append(seen, key)
		check := checkScalar
		if key == "attributes" {
			check = checkAttributes
		}
		if err := check(d); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	return expect(d, '}')
}

func checkAttributes(d *json.Decoder) error {
	if err := expect(d, '['); err != nil {
		return err
	}
	for d.More() {
		if err := checkObject(d, attributeKeys); err != nil {
			return err
		}
	}
	return expect(d, ']')
}

func checkScalar(d *json.Decoder) error {
	token, err := d.Token()
	if err != nil {
		return plain(err)
	}
	switch token.(type) {
	case string, json.Number:
		return nil
	}
	return errors.New("neither text nor a number")
}

func expect(d *json.Decoder, want json.Delim) error {
	token, err := d.Token()
	if err != nil {
		return plain(err)
	}
	if token != want {
		return fmt.Errorf("no %q where one is expected", rune(want))
	}
	return nil
}

// plain returns an error that says what is wrong without the names of types.
func plain(err error) error {
	switch err := err.(type) {
	case *json.SyntaxError:
		return fmt.Errorf("syntax error at byte %d", err.Offset)
	case *json.UnmarshalTypeError:
		return fmt.Errorf("%s: it cannot be a %s", err.Field, err.Value)
	case *time.ParseError:
		return errors.New("an instant is not in the form of RFC 3339")
	}
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errors.New("it ends early")
	}
	return errors.New("a value is not of its form")
}
