package driver_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/redriveq/redrive/queue/driver"
)

func TestMessageIDText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := driver.MessageID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		text := id.String()
		if got, err := driver.ParseMessageID(text); got != id || err != nil {
			t.Fatalf("ParseMessageID(%q) = %v, %v, want %v", text, got, err, id)
		}
	})
}

func TestMessageIDRefused(t *testing.T) {
	const good = "0123abcd-4567-89ab-cdef-0123456789ab"
	for _, text := range []string{
		"", good[1:], good + "0", strings.ToUpper(good), strings.ReplaceAll(good, "-", "0"),
		strings.Replace(good, "a", "g", 1), strings.Replace(good, "-", "_", 1), " " + good[1:], good[:35] + "\n",
	} {
		if id, err := driver.ParseMessageID(text); !errors.Is(err, driver.ErrInvalid) || id != (driver.MessageID{}) {
			t.Errorf("ParseMessageID(%q) = %v, %v, want ErrInvalid", text, id, err)
		}
	}
	if _, err := driver.ParseMessageID(good); err != nil {
		t.Errorf("ParseMessageID(%q): %v", good, err)
	}
}

func TestMessageSize(t *testing.T) {
	m := driver.Message{
		Body:            []byte("12345"),
		Group:           "does not count",
		DeduplicationID: "nor this",
		Attributes: map[string]driver.Value{
			"n": {Kind: driver.KindNumber, Label: "int", Data: "42"}, // n Number .int 42
			"b": driver.Binary([]byte{0, 1}),                         // b Binary, two bytes
		},
	}
	if got, want := m.Size(), 5+(1+6+4+2)+(1+6+2); got != want {
		t.Errorf("Size = %d, want %d", got, want)
	}
}

// TestPatchFields checks that every field of a patch sets the attribute of its
// name and no other, and that attributes without a field cannot be forgotten.
func TestPatchFields(t *testing.T) {
	patchType, attributesType := reflect.TypeFor[driver.Patch](), reflect.TypeFor[driver.Attributes]()
	if patchType.NumField() != attributesType.NumField() {
		t.Errorf("a patch has %d fields, attributes have %d", patchType.NumField(), attributesType.NumField())
	}
	for i := range patchType.NumField() {
		name := patchType.Field(i).Name
		patch, value := driver.Patch{}, reflect.New(patchType.Field(i).Type.Elem())
		setNonZero(value.Elem())
		reflect.ValueOf(&patch).Elem().Field(i).Set(value)
		got := reflect.ValueOf(patch.Apply(driver.Attributes{}))
		for j := range attributesType.NumField() {
			if is, want := !got.Field(j).IsZero(), attributesType.Field(j).Name == name; is != want {
				t.Errorf("patch of %s: %s set is %t, want %t", name, attributesType.Field(j).Name, is, want)
			}
		}
	}
}

func setNonZero(v reflect.Value) {
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	case reflect.Uint8:
		v.SetUint(1)
	case reflect.String:
		v.SetString("x")
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
	case reflect.Struct:
		for i := range v.NumField() {
			setNonZero(v.Field(i))
		}
	}
}

// TestPatchSharesNothing changes a list of the patch after it was applied.
func TestPatchSharesNothing(t *testing.T) {
	names := []string{"a"}
	sources := &driver.DeadLetterSources{Mode: driver.AllowListed, Queues: names}
	got := driver.Patch{DeadLetterSources: sources}.Apply(driver.Attributes{})
	names[0] = "b"
	labels := map[string]string{"k": "a"}
	labelled := driver.Patch{Labels: &labels}.Apply(driver.Attributes{})
	labels["k"] = "b"
	if got := labelled.Labels["k"]; got != "a" {
		t.Errorf("label is %q after the caller's map changed", got)
	}
	if !got.DeadLetterSources.Allows("a") || got.DeadLetterSources.Allows("b") {
		t.Errorf("sources are %v after the caller's list changed", got.DeadLetterSources.Queues)
	}
}

func TestAttributesEqual(t *testing.T) {
	listed := driver.Attributes{DeadLetterSources: driver.DeadLetterSources{Mode: driver.AllowListed, Queues: []string{"a"}}}
	for _, row := range []struct {
		a, b driver.Attributes
		want bool
	}{
		{driver.Attributes{}, driver.Attributes{}, true},
		{driver.Attributes{}, driver.Attributes{DeadLetterSources: driver.DeadLetterSources{Queues: []string{}}}, true},
		{driver.Attributes{}, driver.Attributes{Delay: 1}, false},
		{driver.Attributes{}, driver.Attributes{Labels: map[string]string{}}, true},
		{driver.Attributes{}, driver.Attributes{Labels: map[string]string{"k": "v"}}, false},
		{listed, listed, true},
		{listed, driver.Attributes{DeadLetterSources: driver.DeadLetterSources{Mode: driver.AllowListed, Queues: []string{"b"}}}, false},
	} {
		if got := row.a.Equal(row.b); got != row.want {
			t.Errorf("%+v.Equal(%+v) = %t", row.a, row.b, got)
		}
	}
}

func TestAttributesCheck(t *testing.T) {
	for _, row := range []struct {
		name  string
		a     driver.Attributes
		field string // of the error; empty: none
	}{
		{"zero", driver.Attributes{}, ""},
		{"timeout at the cap", driver.Attributes{VisibilityTimeout: 2, MaxVisibility: 2}, ""},
		{"timeout above the cap", driver.Attributes{VisibilityTimeout: 3, MaxVisibility: 2}, "visibility timeout"},
		{"timeout without a cap", driver.Attributes{VisibilityTimeout: 3}, ""},
		{"policy", driver.Attributes{DeadLetter: driver.DeadLetter{Queue: "d", MaxReceives: 1}}, ""},
		{"policy without a number", driver.Attributes{DeadLetter: driver.DeadLetter{Queue: "d"}}, "dead-letter policy"},
		{"policy without a queue", driver.Attributes{DeadLetter: driver.DeadLetter{MaxReceives: 1}}, "dead-letter policy"},
		{"negative policy", driver.Attributes{DeadLetter: driver.DeadLetter{Queue: "d", MaxReceives: -1}}, "dead-letter policy"},
		{"list without the mode", driver.Attributes{DeadLetterSources: driver.DeadLetterSources{Queues: []string{"a"}}}, "dead-letter sources"},
		{"mode without a list", driver.Attributes{DeadLetterSources: driver.DeadLetterSources{Mode: driver.AllowListed}}, "dead-letter sources"},
		{"none allowed", driver.Attributes{DeadLetterSources: driver.DeadLetterSources{Mode: driver.AllowNone}}, ""},
	} {
		err := row.a.Check()
		var invalid *driver.InvalidError
		if errors.As(err, &invalid) != (row.field != "") || invalid != nil && invalid.Field != row.field {
			t.Errorf("%s: got %v, want an error about %q", row.name, err, row.field)
		}
	}
}

func TestNames(t *testing.T) {
	for _, row := range []struct {
		got  fmt.Stringer
		want string
	}{
		{driver.KindString, "String"}, {driver.KindNumber, "Number"}, {driver.KindBinary, "Binary"}, {driver.Kind(0), "invalid kind"},
		{driver.Visible, "visible"}, {driver.Delayed, "delayed"}, {driver.InFlight, "in flight"}, {driver.State(0), "invalid state"},
		{driver.Sent, "sent"}, {driver.QueueFull, "queue full"}, {driver.SendOutcome(0), "invalid outcome"}, {driver.QueueFull + 1, "invalid outcome"},
		{driver.Current, "current"}, {driver.Superseded, "superseded"}, {driver.Superseded + 1, "invalid standing"},
		{driver.Deleted, "deleted"}, {driver.DeleteMalformed, "malformed"}, {driver.DeleteMalformed + 1, "invalid outcome"},
		{driver.Changed, "changed"}, {driver.ChangeMalformed, "malformed"}, {driver.ChangeMalformed + 1, "invalid outcome"},
		{driver.Cancelled, "cancelled"}, {driver.CancelUnknown, "unknown"}, {driver.CancelUnknown + 1, "invalid outcome"},
		{driver.Latest, "latest"}, {driver.Strict, "strict"}, {driver.Any, "any"}, {driver.ReceiptPolicy(9), "invalid receipt policy"},
	} {
		if row.got.String() != row.want {
			t.Errorf("got %q, want %q", row.got, row.want)
		}
	}
}

// A patch says what to change, and leaves alone what it does not say.
func ExamplePatch_Apply() {
	stored := driver.Attributes{Delay: time.Minute, VisibilityTimeout: 30 * time.Second}
	changed := driver.Patch{Delay: new(time.Duration(0))}.Apply(stored)
	fmt.Println(changed.Delay, changed.VisibilityTimeout)
	// Output: 0s 30s
}

func ExampleParseMessageID() {
	id, err := driver.ParseMessageID("4f15b206-2459-4d0b-20ed-81b7252a3e59")
	fmt.Println(id, err)
	_, err = driver.ParseMessageID("4F15B206-2459-4D0B-20ED-81B7252A3E59")
	fmt.Println(err)
	// Output:
	// 4f15b206-2459-4d0b-20ed-81b7252a3e59 <nil>
	// invalid message ID: upper-case digit
}
