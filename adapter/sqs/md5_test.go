package sqs

import "testing"

// The digests of texts are recorded answers of the service.
func TestMD5(t *testing.T) {
	text := func(value string) attributeValue { return attributeValue{DataType: "String", StringValue: &value} }
	for _, row := range []struct {
		attributes map[string]attributeValue
		want       string
	}{
		{nil, ""},
		{map[string]attributeValue{}, ""},
		{map[string]attributeValue{"Foo": text("Bar")}, "ae7155c6026991b6d54b11589678bf9c"},
		{map[string]attributeValue{"Hello": text("There")}, "a311262e065454b75da111d535b8dacd"},
		{map[string]attributeValue{"Hello": text("There"), "Help.Me": text("Me")}, "83fee93c1bcd8b9a5a923ffacdc636c7"},
		{map[string]attributeValue{"Help.Me": text("Me"), "Hello": text("There"), "General": text("Kenobi")}, "4c360f3fdafd970e05fae2f149d997f5"},
		{map[string]attributeValue{
			"n": {DataType: "Number", StringValue: new("1.5")},
			"b": {DataType: "Binary.png", BinaryValue: []byte{0, 0xFF}},
		}, "2a5764101dc1f9a818c3770df87ec767"},
	} {
		if got := md5OfAttributes(row.attributes); got != row.want {
			t.Errorf("attributes %v: got %s, want %s", row.attributes, got, row.want)
		}
	}
	if got, want := md5OfBody("msg"), "6e2baaf3b97dbeef01c0043275f9a0e7"; got != want {
		t.Errorf("body: got %s, want %s", got, want)
	}
	if got, want := md5OfBody([]byte("hé")), "33fcd01258e6ba07ef405dc9e721f3a7"; got != want {
		t.Errorf("body: got %s, want %s", got, want)
	}
}
