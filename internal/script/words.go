package script

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redriveq/redrive/queue"
)

// An argument is what follows the name of a command: a word, or an option with
// its value.
type argument struct {
	option string // empty for a word
	value  string
}

// split returns the words and options of a line.
func split(line string) ([]argument, error) {
	var found []argument
	for rest := strings.TrimLeft(line, " \t"); rest != ""; rest = strings.TrimLeft(rest, " \t") {
		var a argument
		if end := strings.IndexAny(rest, "= \t\""); end > 0 && rest[end] == '=' {
			a.option, rest = rest[:end], rest[end+1:]
		}
		if strings.HasPrefix(rest, `"`) {
			quoted, err := strconv.QuotedPrefix(rest)
			if err != nil {
				return nil, errors.New("a quote without its end")
			}
			a.value, _ = strconv.Unquote(quoted)
			rest = rest[len(quoted):]
		} else {
			end := strings.IndexAny(rest+" ", " \t")
			a.value, rest = rest[:end], rest[end:]
		}
		found = append(found, a)
	}
	return found, nil
}

// arguments are those that the command has not taken yet. The first mistake is
// kept, so that a command takes all that it knows and then calls end once.
type arguments struct {
	words   []string
	options map[string]string
	mistake error
}

func newArguments(found []argument) (*arguments, error) {
	a := &arguments{options: make(map[string]string)}
	for _, f := range found {
		if f.option == "" {
			a.words = append(a.words, f.value)
			continue
		}
		if _, twice := a.options[f.option]; twice {
			return nil, fmt.Errorf("%s= stands twice", f.option)
		}
		a.options[f.option] = f.value
	}
	return a, nil
}

// end returns the first mistake, or what was not taken.
func (a *arguments) end() error {
	if a.mistake == nil && len(a.words) > 0 {
		a.mistake = fmt.Errorf("%q is too much", a.words[0])
	}
	for _, option := range slices.Sorted(maps.Keys(a.options)) {
		a.note(fmt.Errorf("no option %s=", option))
	}
	return a.mistake
}

func (a *arguments) note(err error) {
	if a.mistake == nil {
		a.mistake = err
	}
}

// word takes the next word.
func (a *arguments) word(what string) string {
	if len(a.words) == 0 {
		a.note(fmt.Errorf("the %s is missing", what))
		return ""
	}
	word := a.words[0]
	a.words = a.words[1:]
	return word
}

// rest takes all words that are left, of which there must be one.
func (a *arguments) rest(what string) []string {
	if len(a.words) == 0 {
		a.note(fmt.Errorf("the %s is missing", what))
	}
	words := a.words
	a.words = nil
	return words
}

// text takes an option, which is empty if it is absent.
func (a *arguments) text(option string) string {
	value := a.options[option]
	delete(a.options, option)
	return value
}

// take takes an option that is parsed, and returns nil if it is absent.
func take[T any](a *arguments, option string, parse func(string) (T, error)) *T {
	text, ok := a.options[option]
	if !ok {
		return nil
	}
	delete(a.options, option)
	value, err := parse(text)
	if err != nil {
		a.note(fmt.Errorf("%s=%s: %w", option, text, err))
		return nil
	}
	return &value
}

func (a *arguments) span(option string) *time.Duration { return take(a, option, time.ParseDuration) }
func (a *arguments) number(option string) *int         { return take(a, option, strconv.Atoi) }

// orElse returns what value points to, or other for nil.
func orElse[T any](value *T, other T) T {
	if value == nil {
		return other
	}
	return *value
}

// values takes the options attr:NAME=KIND:DATA, where KIND is String, Number or
// Binary, with a label behind a dot if it has one. Without KIND: it is String.
func (a *arguments) values() map[string]queue.Value {
	const prefix = "attr:"
	values := make(map[string]queue.Value)
	for option, text := range a.options {
		if name, ok := strings.CutPrefix(option, prefix); ok {
			values[name] = parseValue(text)
			delete(a.options, option)
		}
	}
	return values
}

func parseValue(text string) queue.Value {
	kind, data, _ := strings.Cut(text, ":")
	kind, label, _ := strings.Cut(kind, ".")
	for _, k := range []queue.Kind{queue.KindString, queue.KindNumber, queue.KindBinary} {
		if k.String() == kind {
			return queue.Value{Kind: k, Label: label, Data: data}
		}
	}
	return queue.String(text)
}
