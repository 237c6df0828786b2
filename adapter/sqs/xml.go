package sqs

import (
	"encoding/base64"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	xmlHeader    = `<?xml version="1.0"?>`
	xmlNamespace = "http://queue.amazonaws.com/doc/2012-11-05/"
)

// An xmlWriter writes an answer in XML. Its error is the first that came up.
type xmlWriter struct {
	data []byte
	err  error
}

// appendXML appends an output of api.go as the answer of an operation.
func appendXML(data []byte, operation, requestID string, out any) ([]byte, error) {
	w := xmlWriter{data: data}
	w.root(operation + "Response")
	if _, empty := out.(*nothing); !empty {
		w.result(operation+"Result", reflect.ValueOf(out).Elem())
	}
	w.open("ResponseMetadata")
	w.element("RequestId", requestID)
	w.close("ResponseMetadata")
	w.close(operation + "Response")
	return w.data, w.err
}

// appendErrorXML appends an error as the answer to a request. Characters that
// XML has no spelling for are replaced: the text is for people.
func appendErrorXML(data []byte, requestID string, err *apiError) []byte {
	message := err.Message
	if message == noQueueMessage {
		message = noQueueQueryMessage
	}
	w := xmlWriter{data: data}
	w.root("ErrorResponse")
	w.open("Error")
	w.element("Type", err.fault())
	w.element("Code", err.Code)
	w.element("Message", strings.Map(expressible, message))
	w.data = append(w.data, "<Detail/>"...)
	w.close("Error")
	w.element("RequestId", requestID)
	w.close("ErrorResponse")
	return w.data
}

// expressible returns the character, or the one that stands for those that XML
// cannot express.
func expressible(char rune) rune {
	if isText(char) {
		return char
	}
	return utf8.RuneError
}

// isText reports whether a character is one that messages may have, after the
// API Reference of SendMessage. XML can express the same ones.
func isText(char rune) bool {
	switch {
	case char == '\t', char == '\n', char == '\r':
		return true
	case char >= 0x20 && char <= 0xD7FF, char >= 0xE000 && char <= 0xFFFD:
		return true
	}
	return char >= 0x10000 && char <= utf8.MaxRune
}

// validText reports whether a text is valid UTF-8 of characters that messages
// may have.
func validText(text string) bool {
	for i := 0; i < len(text); {
		if c := text[i]; c >= ' ' && c < utf8.RuneSelf {
			i++
			continue
		}
		char, size := utf8.DecodeRuneInString(text[i:])
		if !isText(char) || char == utf8.RuneError && size == 1 {
			return false
		}
		i += size
	}
	return true
}

func (w *xmlWriter) root(name string) {
	w.data = append(w.data, xmlHeader...)
	w.data = append(w.data, '<')
	w.data = append(w.data, name...)
	w.data = append(w.data, ` xmlns="`+xmlNamespace+`">`...)
}

func (w *xmlWriter) open(name string) {
	w.data = append(w.data, '<')
	w.data = append(w.data, name...)
	w.data = append(w.data, '>')
}

func (w *xmlWriter) close(name string) {
	w.data = append(w.data, '<', '/')
	w.data = append(w.data, name...)
	w.data = append(w.data, '>')
}

func (w *xmlWriter) element(name, text string) {
	w.open(name)
	w.text(text)
	w.close(name)
}

// result writes the result of an operation, which may be empty.
func (w *xmlWriter) result(name string, v reflect.Value) {
	w.open(name)
	start := len(w.data)
	w.structure(v)
	if len(w.data) == start {
		w.data = append(w.data[:start-1], '/', '>')
		return
	}
	w.close(name)
}

func (w *xmlWriter) structure(v reflect.Value) {
	fields := fieldsOf(v.Type())
	for i := range fields {
		if f := &fields[i]; !f.omitted(v) {
			w.member(f, f.of(v))
		}
	}
}

// member writes what p points to, as one element or, for lists and maps, as one
// for each of their elements.
func (w *xmlWriter) member(f *field, p any) {
	switch p := p.(type) {
	case *[]string:
		writeElements(w, f, *p)
	case *[][]byte:
		writeElements(w, f, *p)
	case *[]sentEntry:
		writeElements(w, f, *p)
	case *[]doneEntry:
		writeElements(w, f, *p)
	case *[]failedEntry:
		writeElements(w, f, *p)
	case *[]message:
		writeElements(w, f, *p)
	case *[]moveTask:
		writeElements(w, f, *p)
	case *map[string]string:
		writeEntries(w, f, *p)
	case *map[string]attributeValue:
		writeEntries(w, f, *p)
	default:
		w.open(f.xml)
		w.value(p)
		w.close(f.xml)
	}
}

func writeElements[T any](w *xmlWriter, f *field, list []T) {
	for i := range list {
		w.open(f.xml)
		w.value(&list[i])
		w.close(f.xml)
	}
}

// writeEntries writes the entries of a map in the order of their keys.
func writeEntries[V any](w *xmlWriter, f *field, entries map[string]V) {
	var value V
	for _, key := range sortedKeys(entries) {
		w.open(f.xml)
		w.element(f.key, key)
		w.open(f.value)
		value = entries[key]
		w.value(&value)
		w.close(f.value)
		w.close(f.xml)
	}
}

// value writes the content of an element.
func (w *xmlWriter) value(p any) {
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
		w.data = base64.StdEncoding.AppendEncode(w.data, *p)
	default:
		w.structure(reflect.ValueOf(p).Elem())
	}
}

// text writes a text such that a reader of XML, who makes one line feed of
// every kind of line end, reads the same.
func (w *xmlWriter) text(text string) {
	if !validText(text) {
		w.err = errInexpressible
		return
	}
	plain := 0
	for i := range len(text) {
		if c := text[i]; c > '>' || xmlReferences[c] == "" {
			continue
		}
		w.data = append(w.data, text[plain:i]...)
		w.data = append(w.data, xmlReferences[text[i]]...)
		plain = i + 1
	}
	w.data = append(w.data, text[plain:]...)
}

// xmlReferences are what stands for the characters that cannot stand for
// themselves.
var xmlReferences = ['>' + 1]string{
	'&': "&amp;", '<': "&lt;", '>': "&gt;", '"': "&quot;",
	'\t': "&#x9;", '\n': "&#xA;", '\r': "&#xD;",
}
