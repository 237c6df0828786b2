package sqs

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Requests in JSON are read strictly, so that they mean here what they mean to
// whoever looked at them before: names match exactly; a name that stands twice,
// or that is a known one but for its case, is refused, as is invalid UTF-8,
// an escape of half a surrogate pair, and whatever follows the object. Numbers
// are integers. A member that is null is absent. Members that are not known are
// passed over, since newer clients may know more of them than we do.

const maxDepth = 32 // of nested lists and objects

// decodeJSON reads the body of a request into an input of api.go.
func decodeJSON(body []byte, in any) error {
	if !utf8.Valid(body) {
		return serialization("The request is not valid UTF-8.")
	}
	r := jsonReader{data: body}
	if err := r.value(in); err != nil {
		return err
	}
	if r.peek(); r.at != len(r.data) {
		return r.malformed()
	}
	return nil
}

// A jsonReader reads one JSON text, from left to right.
type jsonReader struct {
	data  []byte // valid UTF-8
	at    int
	items int
	depth int
}

// malformed is the error for a text that is no JSON at the present place.
func (r *jsonReader) malformed() error {
	return serialization("The request is not valid JSON at byte %d.", r.at)
}

// peek skips white space and returns the next byte, or zero at the end.
func (r *jsonReader) peek() byte {
	for ; r.at < len(r.data); r.at++ {
		switch c := r.data[r.at]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

// next reports whether the next byte is c, and passes it if it is.
func (r *jsonReader) next(c byte) bool {
	if r.peek() != c {
		return false
	}
	r.at++
	return true
}

func (r *jsonReader) expect(c byte) error {
	if !r.next(c) {
		return r.malformed()
	}
	return nil
}

// word passes a literal: null, true or false.
func (r *jsonReader) word(text string) error {
	if rest := r.data[r.at:]; len(rest) < len(text) || string(rest[:len(text)]) != text {
		return r.malformed()
	}
	r.at += len(text)
	return nil
}

// value reads a value into what target points to.
func (r *jsonReader) value(target any) (err error) {
	switch p := target.(type) {
	case *string:
		*p, err = r.text("a String")
	case **string:
		*p = new(string)
		**p, err = r.text("a String")
	case **int:
		*p = new(int)
		**p, err = r.integer()
	case *[]byte:
		*p, err = r.blob()
	case *[]string:
		err = readList(r, p)
	case *[][]byte:
		err = readList(r, p)
	case *[]sendEntry:
		err = readList(r, p)
	case *[]deleteEntry:
		err = readList(r, p)
	case *[]visibilityEntry:
		err = readList(r, p)
	case *map[string]string:
		err = readMap(r, p)
	case *map[string]attributeValue:
		err = readMap(r, p)
	default:
		err = r.structure(reflect.ValueOf(target).Elem())
	}
	return err
}

// structure reads an object into a struct.
func (r *jsonReader) structure(v reflect.Value) error {
	fields := fieldsOf(v.Type())
	var seen uint64
	return r.object("Expected null", func(name []byte) error {
		i := fieldNamed(fields, name, func(f *field) string { return f.json })
		switch {
		case i == unknownName:
			return r.skip()
		case i == otherCase:
			return serialization("The member %q differs from a known one by its case.", name)
		case seen&(1<<i) != 0:
			return serialization("The member %q stands twice.", name)
		}
		seen |= 1 << i
		if r.peek() == 'n' {
			return r.word("null")
		}
		return r.value(fields[i].of(v))
	})
}

// object reads an object and calls member after each name, to read its value.
// Unless it is an object, the error has the text given.
func (r *jsonReader) object(expected string, member func(name []byte) error) error {
	return r.nested('{', '}', expected, func() error {
		if r.peek() != '"' {
			return r.malformed()
		}
		name, err := r.quoted()
		if err != nil {
			return err
		}
		if err := r.expect(':'); err != nil {
			return err
		}
		return member(name)
	})
}

// nested reads a list or an object and calls item to read each item of it.
func (r *jsonReader) nested(opening, closing byte, expected string, item func() error) error {
	if r.peek() != opening {
		return r.mismatch(expected)
	}
	if r.at++; r.depth == maxDepth {
		return serialization("The request is nested too deeply.")
	}
	r.depth++
	if r.next(closing) {
		r.depth--
		return nil
	}
	for {
		if err := item(); err != nil {
			return err
		}
		if r.next(closing) {
			r.depth--
			return nil
		}
		if err := r.expect(','); err != nil {
			return err
		}
	}
}

// count counts an item that takes memory.
func (r *jsonReader) count() error {
	if r.items++; r.items > maxItems {
		return serialization("The request has more than %d list elements and map entries.", maxItems)
	}
	return nil
}

func readList[T any](r *jsonReader, list *[]T) error {
	*list = []T{}
	return r.nested('[', ']', "Expected list or null", func() error {
		if err := r.count(); err != nil {
			return err
		}
		*list = append(*list, *new(T))
		return r.value(&(*list)[len(*list)-1])
	})
}

func readMap[V any](r *jsonReader, entries *map[string]V) error {
	*entries = map[string]V{}
	var value V
	return r.object("Expected map or null", func(name []byte) error {
		if err := r.count(); err != nil {
			return err
		}
		key := string(name)
		if _, ok := (*entries)[key]; ok {
			return serialization("The key %q stands twice.", key)
		}
		value = *new(V)
		if err := r.value(&value); err != nil {
			return err
		}
		(*entries)[key] = value
		return nil
	})
}

// mismatch is the error for a value of another type than the one expected.
func (r *jsonReader) mismatch(expected string) error {
	switch r.peek() {
	case '{':
		return serialization("Start of structure or map found where not expected.")
	case '[':
		return serialization("Start of list found where not expected")
	case '"', 't', 'f', 'n', '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return serialization("%s", expected)
	}
	return r.malformed()
}

// scalar is mismatch where the type expected is a String, an Integer or a Blob.
func (r *jsonReader) scalar(expected string) error {
	kind := "NUMBER_VALUE"
	switch r.peek() {
	case '"':
		kind = "STRING_VALUE"
	case 't':
		kind = "TRUE_VALUE"
	case 'f':
		kind = "FALSE_VALUE"
	case 'n':
		kind = "NULL_VALUE"
	}
	return r.mismatch(fmt.Sprintf("%s can not be converted to %s", kind, expected))
}

func (r *jsonReader) integer() (int, error) {
	if c := r.peek(); c != '-' && (c < '0' || c > '9') {
		return 0, r.scalar("an Integer")
	}
	start := r.at
	if err := r.number(); err != nil {
		return 0, err
	}
	n, ok := parseInteger(string(r.data[start:r.at]))
	if !ok {
		return 0, serialization("NUMBER_VALUE can not be converted to an Integer")
	}
	return n, nil
}

// parseInteger reads an integer of 32 bits, in the one spelling that JSON has
// for it. (JSON has a second one for zero.)
func parseInteger(text string) (n int, ok bool) {
	digits := strings.TrimPrefix(text, "-")
	if digits == "" || len(digits) > 10 || len(digits) > 1 && digits[0] == '0' || strings.Trim(digits, "0123456789") != "" {
		return 0, false
	}
	wide, err := strconv.ParseInt(text, 10, 32)
	return int(wide), err == nil
}

// number passes a number.
func (r *jsonReader) number() error {
	if r.data[r.at] == '-' {
		r.at++
	}
	zero := r.at < len(r.data) && r.data[r.at] == '0'
	if n := r.digits(); n == 0 || zero && n > 1 {
		return r.malformed()
	}
	if r.has(".") && r.digits() == 0 {
		return r.malformed()
	}
	if r.has("eE") {
		r.has("+-")
		if r.digits() == 0 {
			return r.malformed()
		}
	}
	return nil
}

// has reports whether the next byte is one of the set, and passes it if it is.
func (r *jsonReader) has(set string) bool {
	if r.at == len(r.data) || strings.IndexByte(set, r.data[r.at]) < 0 {
		return false
	}
	r.at++
	return true
}

func (r *jsonReader) digits() (n int) {
	for r.has("0123456789") {
		n++
	}
	return n
}

func (r *jsonReader) blob() ([]byte, error) {
	text, err := r.text("a Blob")
	if err != nil {
		return nil, err
	}
	data, ok := parseBlob(text)
	if !ok {
		return nil, serialization("The value is not valid base64.")
	}
	return data, nil
}

// parseBlob reads base64 in its one spelling, with padding and without breaks.
func parseBlob(text string) (data []byte, ok bool) {
	if strings.ContainsAny(text, "\r\n") {
		return nil, false
	}
	data, err := base64.StdEncoding.Strict().DecodeString(text)
	return data, err == nil
}

// text reads a string.
func (r *jsonReader) text(expected string) (string, error) {
	if r.peek() != '"' {
		return "", r.scalar(expected)
	}
	text, err := r.quoted()
	return string(text), err
}

// quoted reads a string. What it returns is part of the request, or a copy if
// there were escapes.
func (r *jsonReader) quoted() ([]byte, error) {
	raw := r.data[r.at+1:]
	escaped := false
	for i := 0; i < len(raw); i++ {
		if !special[raw[i]] {
			continue
		}
		switch c := raw[i]; {
		case c == '\\':
			escaped = true
			i++
		case c == '"':
			r.at += 1 + i + 1
			return r.unescaped(raw[:i], escaped)
		case c < ' ':
			r.at += 1 + i
			return nil, r.malformed()
		}
	}
	r.at = len(r.data)
	return nil, r.malformed()
}

// special are the bytes that do not stand for themselves in a string.
var special = func() (is [256]bool) {
	for c := range ' ' {
		is[c] = true
	}
	is['"'], is['\\'] = true, true
	return is
}()

// unescaped returns the text that stands between quotes.
func (r *jsonReader) unescaped(raw []byte, escaped bool) ([]byte, error) {
	if !escaped {
		return raw, nil
	}
	text := make([]byte, 0, len(raw))
	for {
		plain := bytes.IndexByte(raw, '\\')
		if plain < 0 {
			return append(text, raw...), nil
		}
		text = append(text, raw[:plain]...)
		char, n := escape(raw[plain:])
		if n == 0 {
			return nil, r.malformed()
		}
		text = utf8.AppendRune(text, char)
		raw = raw[plain+n:]
	}
}

// escape returns the character that an escape at the start of raw stands for,
// and the escape's length: zero if it is none.
func escape(raw []byte) (char rune, n int) {
	if len(raw) < 2 {
		return 0, 0
	}
	if i := strings.IndexByte(`"\/bfnrt`, raw[1]); i >= 0 {
		return rune("\"\\/\b\f\n\r\t"[i]), 2
	}
	char, ok := unit(raw)
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(char) {
		return char, 6
	}
	low, ok := unit(raw[6:])
	if char = utf16.DecodeRune(char, low); !ok || char == utf8.RuneError {
		return 0, 0
	}
	return char, 12
}

// unit returns the UTF-16 unit that a \u escape at the start of raw stands for.
func unit(raw []byte) (char rune, ok bool) {
	if len(raw) < 6 || raw[0] != '\\' || raw[1] != 'u' {
		return 0, false
	}
	for _, c := range raw[2:6] {
		i := strings.IndexByte("0123456789abcdef", c|0x20)
		if i < 0 { // there are no control characters here, which c|0x20 would let in
			return 0, false
		}
		char = char<<4 | rune(i)
	}
	return char, true
}

// skip passes a value that nobody asked for.
func (r *jsonReader) skip() (err error) {
	switch r.peek() {
	case '{':
		return r.object("", func([]byte) error { return r.skip() })
	case '[':
		return r.nested('[', ']', "", r.skip)
	case '"':
		_, err = r.quoted()
		return err
	case 't':
		return r.word("true")
	case 'f':
		return r.word("false")
	case 'n':
		return r.word("null")
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return r.number()
	}
	return r.malformed()
}
