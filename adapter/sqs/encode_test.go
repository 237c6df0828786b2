package sqs

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// What a client does: it writes inputs in the two protocols. The names are read
// from the tags here once more, not taken from the code under test.

// inputs has a new input of every operation, by the operation's name.
var inputs = map[string]func() any{
	"AddPermission":                func() any { return new(addPermissionInput) },
	"CancelMessageMoveTask":        func() any { return new(cancelMessageMoveTaskInput) },
	"ChangeMessageVisibility":      func() any { return new(changeMessageVisibilityInput) },
	"ChangeMessageVisibilityBatch": func() any { return new(changeMessageVisibilityBatchInput) },
	"CreateQueue":                  func() any { return new(createQueueInput) },
	"DeleteMessage":                func() any { return new(deleteMessageInput) },
	"DeleteMessageBatch":           func() any { return new(deleteMessageBatchInput) },
	"DeleteQueue":                  func() any { return new(queueInput) },
	"GetQueueAttributes":           func() any { return new(getQueueAttributesInput) },
	"GetQueueUrl":                  func() any { return new(getQueueURLInput) },
	"ListDeadLetterSourceQueues":   func() any { return new(listDeadLetterSourceQueuesInput) },
	"ListMessageMoveTasks":         func() any { return new(listMessageMoveTasksInput) },
	"ListQueueTags":                func() any { return new(queueInput) },
	"ListQueues":                   func() any { return new(listQueuesInput) },
	"PurgeQueue":                   func() any { return new(queueInput) },
	"ReceiveMessage":               func() any { return new(receiveMessageInput) },
	"RemovePermission":             func() any { return new(removePermissionInput) },
	"SendMessage":                  func() any { return new(sendMessageInput) },
	"SendMessageBatch":             func() any { return new(sendMessageBatchInput) },
	"SetQueueAttributes":           func() any { return new(setQueueAttributesInput) },
	"StartMessageMoveTask":         func() any { return new(startMessageMoveTaskInput) },
	"TagQueue":                     func() any { return new(tagQueueInput) },
	"UntagQueue":                   func() any { return new(untagQueueInput) },
}

// tagged calls each for every member of a struct, with those of embedded ones.
func tagged(v reflect.Value, each func(member reflect.Value, tag reflect.StructTag)) {
	for i := range v.NumField() {
		if f := v.Type().Field(i); f.Anonymous {
			tagged(v.Field(i), each)
		} else {
			each(v.Field(i), f.Tag)
		}
	}
}

func tagName(tag reflect.StructTag, protocol string) string {
	name, ok := tag.Lookup(protocol)
	if !ok {
		name = tag.Get("json")
	}
	name, _, _ = strings.Cut(name, ",")
	return name
}

// tree returns a value of api.go as what package encoding/json makes of JSON.
func tree(v reflect.Value) any {
	switch {
	case v.Type() == reflect.TypeFor[[]byte]():
		return base64.StdEncoding.EncodeToString(v.Bytes())
	case v.Kind() == reflect.Pointer:
		return tree(v.Elem())
	case v.Kind() == reflect.Slice:
		list := []any{}
		for i := range v.Len() {
			list = append(list, tree(v.Index(i)))
		}
		return list
	case v.Kind() == reflect.Map:
		entries := map[string]any{}
		for _, key := range v.MapKeys() {
			entries[key.String()] = tree(v.MapIndex(key))
		}
		return entries
	case v.Kind() == reflect.Struct:
		members := map[string]any{}
		tagged(v, func(member reflect.Value, tag reflect.StructTag) {
			if !absent(member) {
				members[tagName(tag, "json")] = tree(member)
			}
		})
		return members
	}
	return v.Interface()
}

func absent(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return v.IsNil()
	}
	return false
}

// asJSON writes an input as a JSON body.
func asJSON(in any) []byte {
	data, err := json.Marshal(tree(reflect.ValueOf(in).Elem()))
	if err != nil {
		panic(err)
	}
	return data
}

// asForm writes an input as the parameters of the Query protocol, with its
// indexes step apart.
func asForm(in any, step int) url.Values {
	form := url.Values{}
	tagged(reflect.ValueOf(in).Elem(), func(member reflect.Value, tag reflect.StructTag) {
		addToForm(form, tagName(tag, "query"), member, tag, step)
	})
	return form
}

func addToForm(form url.Values, name string, v reflect.Value, tag reflect.StructTag, step int) {
	switch {
	case absent(v):
	case v.Type() == reflect.TypeFor[[]byte]():
		form.Set(name, base64.StdEncoding.EncodeToString(v.Bytes()))
	case v.Kind() == reflect.Pointer:
		addToForm(form, name, v.Elem(), tag, step)
	case (v.Kind() == reflect.Slice || v.Kind() == reflect.Map) && v.Len() == 0:
		form.Set(name, "")
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			addToForm(form, fmt.Sprintf("%s.%d", name, 1+i*step), v.Index(i), tag, step)
		}
	case v.Kind() == reflect.Map:
		keyName, valueName := "Name", "Value"
		if keys := strings.Fields(tag.Get("keys")); len(keys) == 2 {
			keyName, valueName = keys[0], keys[1]
		}
		for i, key := range v.MapKeys() {
			entry := fmt.Sprintf("%s.%d.", name, 1+i*step)
			form.Set(entry+keyName, key.String())
			addToForm(form, entry+valueName, v.MapIndex(key), tag, step)
		}
	case v.Kind() == reflect.Struct:
		tagged(v, func(member reflect.Value, tag reflect.StructTag) {
			addToForm(form, name+"."+tagName(tag, "query"), member, tag, step)
		})
	case v.Kind() == reflect.Int:
		form.Set(name, strconv.FormatInt(v.Int(), 10))
	default:
		form.Set(name, v.String())
	}
}

// draw sets a value of api.go to one that the API can express.
func draw(t *rapid.T, v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(rapid.String().Draw(t, "text"))
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(rapid.Int32().Draw(t, "number")))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "flag"))
	case reflect.Uint8:
		v.SetUint(uint64(rapid.Byte().Draw(t, "byte")))
	case reflect.Pointer:
		if rapid.Bool().Draw(t, "present") {
			v.Set(reflect.New(v.Type().Elem()))
			draw(t, v.Elem())
		}
	case reflect.Slice:
		if n := rapid.IntRange(-1, 12).Draw(t, "length"); n >= 0 {
			v.Set(reflect.MakeSlice(v.Type(), n, n))
			for i := range n {
				draw(t, v.Index(i))
				if element := v.Index(i); absent(element) { // which the API has none of
					element.Set(reflect.MakeSlice(element.Type(), 0, 0))
				}
			}
		}
	case reflect.Map:
		if n := rapid.IntRange(-1, 3).Draw(t, "entries"); n >= 0 {
			v.Set(reflect.MakeMap(v.Type()))
			for range n {
				value := reflect.New(v.Type().Elem()).Elem()
				draw(t, value)
				v.SetMapIndex(reflect.ValueOf(rapid.String().Draw(t, "key")), value)
			}
		}
	case reflect.Struct:
		tagged(v, func(member reflect.Value, _ reflect.StructTag) { draw(t, member) })
	}
}

// parseForm decodes an encoded form into an input, as a call does.
func parseForm(form string, in any) error {
	parameters, err := readForm(nil, form)
	if err != nil {
		return err
	}
	if err := sortForm(parameters); err != nil {
		return err
	}
	return decodeForm(parameters, in)
}

// The two protocols mean the same: whatever an input holds, written in either
// and read again, it is the same (T8).
func TestProtocolsAgree(t *testing.T) {
	for operation, input := range inputs {
		t.Run(operation, rapid.MakeCheck(func(t *rapid.T) {
			in := input()
			draw(t, reflect.ValueOf(in).Elem())
			fromJSON := input()
			if err := decodeJSON(asJSON(in), fromJSON); err != nil {
				t.Fatalf("JSON %s: got error %v, want none", asJSON(in), err)
			}
			if !reflect.DeepEqual(fromJSON, in) {
				t.Errorf("JSON %s:\n got %s\nwant %s", asJSON(in), asJSON(fromJSON), asJSON(in))
			}
			form := asForm(in, rapid.IntRange(1, 3).Draw(t, "step")).Encode()
			fromQuery := input()
			if err := parseForm(form, fromQuery); err != nil {
				t.Fatalf("form %s: got error %v, want none", form, err)
			}
			if !reflect.DeepEqual(fromQuery, in) {
				t.Errorf("form %s:\n got %s\nwant %s", form, asJSON(fromQuery), asJSON(in))
			}
		}))
	}
}

func TestOperationsAreThe23(t *testing.T) {
	if len(readsOnly) != 23 || len(operations) != 23 {
		t.Errorf("got %d operations to ask for and %d to do, want 23", len(readsOnly), len(operations))
	}
	for operation := range readsOnly {
		if operations[operation] == nil || inputs[operation] == nil {
			t.Errorf("%s: got nothing that does it, or no input to test it with, want both", operation)
		}
	}
}
