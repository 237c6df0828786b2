package script

import (
	"slices"
	"testing"
)

func TestSplit(t *testing.T) {
	tests := []struct {
		line string
		want []argument
	}{
		{``, nil},
		{` a  b	c `, []argument{{"", "a"}, {"", "b"}, {"", "c"}}},
		{`a as=m delay=5s`, []argument{{"", "a"}, {"as", "m"}, {"delay", "5s"}}},
		{`"a b" "" "c=d"`, []argument{{"", "a b"}, {"", ""}, {"", "c=d"}}},
		{`group="a b" dedup="" at=`, []argument{{"group", "a b"}, {"dedup", ""}, {"at", ""}}},
		{`"\x00\"" attr:n="Binary:\xff="`, []argument{{"", "\x00\""}, {"attr:n", "Binary:\xff="}}},
		{`=a b=c=d`, []argument{{"", "=a"}, {"b", "c=d"}}},
	}
	for _, test := range tests {
		got, err := split(test.line)
		if err != nil || !slices.Equal(got, test.want) {
			t.Errorf("split(%q) = %q, %v, want %q", test.line, got, err, test.want)
		}
	}
}

func TestAsWordIsSplitAsItself(t *testing.T) {
	for _, text := range []string{"a", "a b", "a=b", "", `"`, "\x00\xff", "größe"} {
		line := asWord(text)
		if text == "" {
			line = `""`
		}
		got, err := split(line)
		if err != nil || !slices.Equal(got, []argument{{"", text}}) {
			t.Errorf("split(asWord(%q)) = %q, %v, want the text alone", text, got, err)
		}
	}
}

func TestSplitRefusesAnOpenQuote(t *testing.T) {
	for _, line := range []string{`"a`, `as="a b`, `a "\q"`} {
		if got, err := split(line); err == nil {
			t.Errorf("split(%q) = %q, want an error", line, got)
		}
	}
}
