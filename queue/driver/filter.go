package driver

// A Filter says which messages are meant: those for which everything that is
// set holds. The zero Filter means all.
type Filter struct {
	// Attributes are attributes that the message has, each with exactly that
	// value.
	Attributes map[string]Value

	// Group is the message group; a pointer to "" means messages without one.
	Group *string

	// Origin is the name of the queue that the message was dead-lettered from.
	Origin string
}

// Matches reports whether the filter means a message with those attributes, of
// that group, and dead-lettered from the queue of that name ("" if it was not).
func (f *Filter) Matches(attributes map[string]Value, group, origin string) bool {
	if f.Group != nil && *f.Group != group || f.Origin != "" && f.Origin != origin {
		return false
	}
	for name, want := range f.Attributes {
		if got, ok := attributes[name]; !ok || got != want {
			return false
		}
	}
	return true
}
