package sqs

import (
	"cmp"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Requests in the Query protocol are forms. The members of what is not a scalar
// have names with dots in them:
//
//	Name.1                      an element of a list
//	Name.1.Member               a member of an element
//	Name.1.Name, Name.1.Value   an entry of a map
//	Name                        a list of one; without a value, an empty list or map
//	Name.Name, Name.Value       a map of one
//
// Elements come in the order of their indexes, which begin at 1 and may have
// gaps. As in JSON, no name stands twice or differs from a known one only by its
// case, and parameters that are not known are passed over.

// A parameter is one of a form, decoded.
type parameter struct{ name, value string }

// readForm returns the parameters of an encoded form, added to those that are
// there already.
func readForm(parameters []parameter, form string) ([]parameter, error) {
	if strings.Count(form, "&") >= maxItems {
		return nil, malformedQuery("The request has too many parameters.")
	}
	for pair := range strings.SplitSeq(form, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err != nil {
			return nil, malformedQuery("The query string contains a syntax error.")
		}
		if value, err = url.QueryUnescape(value); err != nil {
			return nil, malformedQuery("The query string contains a syntax error.")
		}
		if !utf8.ValidString(name) || !utf8.ValidString(value) {
			return nil, malformedQuery("The query string is not valid UTF-8.")
		}
		parameters = append(parameters, parameter{name, value})
	}
	return parameters, nil
}

// sortForm brings the parameters into the order in which they are read:
// those of a prefix together, indexes by their value.
func sortForm(parameters []parameter) error {
	if len(parameters) > maxItems {
		return malformedQuery("The request has too many parameters.")
	}
	slices.SortFunc(parameters, func(a, b parameter) int { return compareNames(a.name, b.name) })
	for i := range len(parameters) - 1 {
		if name := parameters[i].name; name == parameters[i+1].name {
			return malformedInput("The parameter %s stands twice.", name)
		}
	}
	return nil
}

func compareNames(a, b string) int {
	for {
		partA, restA, moreA := strings.Cut(a, ".")
		partB, restB, moreB := strings.Cut(b, ".")
		if c := compareParts(partA, partB); c != 0 {
			return c
		}
		if !moreA || !moreB {
			return len(a) - len(b)
		}
		a, b = restA, restB
	}
}

// compareParts puts indexes before names.
func compareParts(a, b string) int {
	indexA, indexB := index(a), index(b)
	switch {
	case indexA > 0 && indexB > 0:
		return cmp.Compare(indexA, indexB)
	case indexA > 0:
		return -1
	case indexB > 0:
		return 1
	}
	return strings.Compare(a, b)
}

// index returns the index that part of a name is, or zero if it is none.
func index(part string) int {
	if part == "" || part[0] < '1' || part[0] > '9' {
		return 0
	}
	if n, err := strconv.Atoi(part); err == nil && n <= maxItems {
		return n
	}
	return 0
}

// decodeForm reads sorted parameters into an input of api.go.
func decodeForm(parameters []parameter, in any) error {
	return readStructure(parameters, 0, reflect.ValueOf(in).Elem())
}

// The functions below read the parameters whose names begin with the same at
// bytes, the prefix.

// group returns the part of the first name that follows the prefix, and how many
// parameters have it.
func group(parameters []parameter, at int) (part string, n int) {
	part, _, _ = strings.Cut(parameters[0].name[at:], ".")
	for n = 1; n < len(parameters); n++ {
		if other, _, _ := strings.Cut(parameters[n].name[at:], "."); other != part {
			break
		}
	}
	return part, n
}

func readStructure(parameters []parameter, at int, v reflect.Value) error {
	fields := fieldsOf(v.Type())
	for len(parameters) > 0 {
		part, n := group(parameters, at)
		i := fieldNamed(fields, part, func(f *field) string { return f.query })
		if i == otherCase {
			return malformedInput("The parameter %s differs from a known one by its case.", parameters[0].name)
		}
		if i != unknownName {
			if err := readParameter(parameters[:n], at+len(part), fields[i].of(v), &fields[i]); err != nil {
				return err
			}
		}
		parameters = parameters[n:]
	}
	return nil
}

// readParameter reads what the prefix names into what target points to. The
// field is the one that the target is, or is an element of.
func readParameter(parameters []parameter, at int, target any, f *field) (err error) {
	switch p := target.(type) {
	case *string:
		*p, err = readScalar(parameters, at)
	case **string:
		*p = new(string)
		**p, err = readScalar(parameters, at)
	case **int:
		*p = new(int)
		**p, err = readInteger(parameters, at)
	case *[]byte:
		*p, err = readBlob(parameters, at)
	case *[]string:
		err = readIndexed(parameters, at, p, f)
	case *[][]byte:
		err = readIndexed(parameters, at, p, f)
	case *[]sendEntry:
		err = readIndexed(parameters, at, p, f)
	case *[]deleteEntry:
		err = readIndexed(parameters, at, p, f)
	case *[]visibilityEntry:
		err = readIndexed(parameters, at, p, f)
	case *map[string]string:
		err = readEntries(parameters, at, p, f)
	case *map[string]attributeValue:
		err = readEntries(parameters, at, p, f)
	default:
		if len(parameters[0].name) == at {
			return malformedInput("The parameter %s must have members.", parameters[0].name)
		}
		err = readStructure(parameters, at+1, reflect.ValueOf(target).Elem())
	}
	return err
}

func readScalar(parameters []parameter, at int) (string, error) {
	if last := parameters[len(parameters)-1].name; len(last) != at {
		return "", malformedInput("The parameter %s has no members.", last[:at])
	}
	return parameters[0].value, nil
}

func readInteger(parameters []parameter, at int) (int, error) {
	text, err := readScalar(parameters, at)
	if err != nil {
		return 0, err
	}
	n, ok := parseInteger(text)
	if !ok {
		return 0, invalidValue(text, parameters[0].name, "Must be an integer.")
	}
	return n, nil
}

func readBlob(parameters []parameter, at int) ([]byte, error) {
	text, err := readScalar(parameters, at)
	if err != nil {
		return nil, err
	}
	data, ok := parseBlob(text)
	if !ok {
		return nil, invalidParameter("The value of parameter %s is invalid. Reason: Must be base64.", parameters[0].name)
	}
	return data, nil
}

// readIndexed reads a list.
func readIndexed[T any](parameters []parameter, at int, list *[]T, f *field) error {
	*list = []T{}
	if first := parameters[0]; len(first.name) == at && len(parameters) == 1 {
		if first.value == "" {
			return nil
		}
		*list = make([]T, 1)
		return readParameter(parameters, at, &(*list)[0], f)
	}
	return elements(parameters, at, func(element []parameter, at int) error {
		*list = append(*list, *new(T))
		return readParameter(element, at, &(*list)[len(*list)-1], f)
	})
}

// elements calls read for the parameters of each index after the prefix.
func elements(parameters []parameter, at int, read func(element []parameter, at int) error) error {
	if first := parameters[0].name; len(first) == at {
		return malformedInput("The parameter %s must have an index.", first)
	}
	for at++; len(parameters) > 0; {
		part, n := group(parameters, at)
		if index(part) == 0 {
			return malformedInput("%s is not a valid index", part)
		}
		if err := read(parameters[:n], at+len(part)); err != nil {
			return err
		}
		parameters = parameters[n:]
	}
	return nil
}

// readEntries reads a map.
func readEntries[V any](parameters []parameter, at int, entries *map[string]V, f *field) error {
	*entries = map[string]V{}
	first := parameters[0]
	if len(first.name) == at && len(parameters) == 1 && first.value == "" {
		return nil
	}
	if len(first.name) > at {
		if part, _ := group(parameters, at+1); part == f.key || part == f.value {
			return readEntry(parameters, at, *entries, f)
		}
	}
	return elements(parameters, at, func(entry []parameter, at int) error {
		return readEntry(entry, at, *entries, f)
	})
}

// readEntry reads an entry of a map. A value that is a scalar must be there; of
// another one all members can be absent.
func readEntry[V any](parameters []parameter, at int, entries map[string]V, f *field) error {
	entry := parameters[0].name[:min(at, len(parameters[0].name))]
	if len(parameters[0].name) == at {
		return malformedInput("The parameter %s must have members.", entry)
	}
	var key *string
	var value *V
	for at++; len(parameters) > 0; {
		part, n := group(parameters, at)
		var err error
		switch part {
		case f.key:
			err = readParameter(parameters[:n], at+len(part), &key, f)
		case f.value:
			value = new(V)
			err = readParameter(parameters[:n], at+len(part), value, f)
		}
		if err != nil {
			return err
		}
		parameters = parameters[n:]
	}
	if key == nil {
		return missingParameter(entry + "." + f.key)
	}
	if value == nil {
		value = new(V)
		if _, scalar := any(value).(*string); scalar {
			return missingParameter(entry + "." + f.value)
		}
	}
	if _, ok := entries[*key]; ok {
		return malformedInput("The key %q stands twice.", *key)
	}
	entries[*key] = *value
	return nil
}
