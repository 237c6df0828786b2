package sqs

import (
	"encoding/base64"
	"errors"
	"reflect"
	"slices"
	"strconv"
	"unicode/utf8"
)

// errInexpressible is the reason why an answer cannot be written: a text in it
// has characters that the protocol has no spelling for. None is replaced by
// another one, since the receiver would not know.
var errInexpressible = errors.New("a text of the answer cannot be expressed in the protocol")

// A jsonWriter writes an answer in JSON. Its error is the first that came up.
type jsonWriter struct {
	data []byte
	err  error
}

// appendJSON appends an output of api.go as JSON.
func appendJSON(data []byte, out any) ([]byte, error) {
	w := jsonWriter{data: data}
	w.value(out)
	return w.data, w.err
}

// value writes what p points to.
func (w *jsonWriter) value(p any) {
	switch p := p.(type) {
	case *string:
		w.text(*p)
	case **string:
		w.text(**p)
	case *int:
		w.data = strconv.AppendInt(w.data, int64(*p), 10)
	case *int64:
		w.data = strconv.AppendInt(w.data, *p, 10)
	case *bool:
		w.data = strconv.AppendBool(w.data, *p)
	case *[]byte:
		w.blob(*p)
	case *[]string:
		writeList(w, *p)
	case *[][]byte:
		writeList(w, *p)
	case *[]sentEntry:
		writeList(w, *p)
	case *[]doneEntry:
		writeList(w, *p)
	case *[]failedEntry:
		writeList(w, *p)
	case *[]message:
		writeList(w, *p)
	case *[]moveTask:
		writeList(w, *p)
	case *map[string]string:
		writeMap(w, *p)
	case *map[string]attributeValue:
		writeMap(w, *p)
	default:
		w.structure(reflect.ValueOf(p).Elem())
	}
}

func (w *jsonWriter) structure(v reflect.Value) {
	w.data = append(w.data, '{')
	fields := fieldsOf(v.Type())
	first := true
	for i := range fields {
		f := &fields[i]
		if f.omitted(v) {
			continue
		}
		w.separate(&first)
		w.data = append(w.data, '"')
		w.data = append(w.data, f.json...)
		w.data = append(w.data, '"', ':')
		w.value(f.of(v))
	}
	w.data = append(w.data, '}')
}

// separate writes a comma unless it is called for the first time.
func (w *jsonWriter) separate(first *bool) {
	if !*first {
		w.data = append(w.data, ',')
	}
	*first = false
}

func writeList[T any](w *jsonWriter, list []T) {
	w.data = append(w.data, '[')
	first := true
	for i := range list {
		w.separate(&first)
		w.value(&list[i])
	}
	w.data = append(w.data, ']')
}

// writeMap writes the entries in the order of their keys.
func writeMap[V any](w *jsonWriter, entries map[string]V) {
	w.data = append(w.data, '{')
	first := true
	var value V
	for _, key := range sortedKeys(entries) {
		w.separate(&first)
		w.text(key)
		w.data = append(w.data, ':')
		value = entries[key]
		w.value(&value)
	}
	w.data = append(w.data, '}')
}

func sortedKeys[V any](entries map[string]V) []string {
	keys := make([]string, 0, len(entries))
	for key := range entries {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func (w *jsonWriter) blob(data []byte) {
	w.data = append(w.data, '"')
	w.data = base64.StdEncoding.AppendEncode(w.data, data)
	w.data = append(w.data, '"')
}

func (w *jsonWriter) text(text string) {
	if !utf8.ValidString(text) {
		w.err = errInexpressible
		return
	}
	w.data = appendQuoted(w.data, text)
}

// appendQuoted appends a JSON string. Only what must be escaped is.
func appendQuoted(data []byte, text string) []byte {
	data = append(data, '"')
	plain := 0
	for i := range len(text) {
		if !special[text[i]] {
			continue
		}
		data = append(data, text[plain:i]...)
		data = appendEscape(data, text[i])
		plain = i + 1
	}
	return append(append(data, text[plain:]...), '"')
}

func appendEscape(data []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(data, '\\', c)
	case '\n':
		return append(data, '\\', 'n')
	case '\r':
		return append(data, '\\', 'r')
	case '\t':
		return append(data, '\\', 't')
	}
	const hex = "0123456789abcdef"
	return append(data, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xF])
}
