package sqs

import (
	"reflect"
	"strings"
	"sync"
)

// A field is one member of an input or output of api.go, under the names that
// its tags give it.
type field struct {
	json, query, xml string
	key, value       string // of a map in Query and XML
	omitEmpty        bool
	index            []int
}

// of returns the address of the field in a struct.
func (f *field) of(structure reflect.Value) any {
	return structure.FieldByIndex(f.index).Addr().Interface()
}

var fieldsOfType sync.Map // reflect.Type to []field

// fieldsOf returns the members of a struct type, with those of the structs that
// it embeds in their place.
func fieldsOf(t reflect.Type) []field {
	if known, ok := fieldsOfType.Load(t); ok {
		return known.([]field)
	}
	known, _ := fieldsOfType.LoadOrStore(t, appendFields(nil, t, nil))
	return known.([]field)
}

func appendFields(fields []field, t reflect.Type, path []int) []field {
	for i := range t.NumField() {
		member := t.Field(i)
		index := append(path[:len(path):len(path)], i)
		if member.Anonymous {
			fields = appendFields(fields, member.Type, index)
			continue
		}
		fields = append(fields, newField(member.Tag, index))
	}
	return fields
}

func newField(tag reflect.StructTag, index []int) field {
	name, options, _ := strings.Cut(tag.Get("json"), ",")
	f := field{json: name, query: name, xml: name, key: "Name", value: "Value", omitEmpty: options == "omitempty", index: index}
	if name, ok := tag.Lookup("query"); ok {
		f.query = name
	}
	if name, ok := tag.Lookup("xml"); ok {
		f.xml = name
	}
	if names, ok := tag.Lookup("keys"); ok {
		f.key, f.value, _ = strings.Cut(names, " ")
	}
	return f
}

const (
	unknownName = -1 - iota
	otherCase
)

// fieldNamed returns which field has the name in a protocol, or unknownName, or
// otherCase if one has it but for the case of its letters.
func fieldNamed[T string | []byte](fields []field, name T, in func(*field) string) int {
	for i := range fields {
		if in(&fields[i]) == string(name) {
			return i
		}
	}
	for i := range fields {
		if strings.EqualFold(in(&fields[i]), string(name)) {
			return otherCase
		}
	}
	return unknownName
}

// omitted reports whether an answer leaves out the field of a struct.
func (f *field) omitted(structure reflect.Value) bool {
	v := structure.FieldByIndex(f.index)
	switch v.Kind() {
	case reflect.Slice, reflect.Map:
		return f.omitEmpty && v.Len() == 0
	case reflect.Pointer:
		return v.IsNil()
	}
	return f.omitEmpty && v.IsZero()
}
