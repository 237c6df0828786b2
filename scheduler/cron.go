package scheduler

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A cron is a parsed expression: for each field, the values that it admits, as
// bits. Sunday is bit 0 only.
type cron struct {
	minutes  uint64
	hours    uint64
	days     uint64 // of the month, from bit 1
	months   uint64 // from bit 1
	weekdays uint64

	// eitherDay says that one of the two day fields is enough. Otherwise a day
	// has to be in both.
	eitherDay bool
}

const allHours = 1<<24 - 1

// everyHour reports whether the expression leaves the hour open.
func (c *cron) everyHour() bool { return c.hours == allHours }

// A cronField is the language of one field.
type cronField struct {
	name     string
	min, max int
	names    []string // of the values from min on
}

const (
	cronMinute = iota
	cronHour
	cronDay
	cronMonth
	cronWeekday
	cronFields
)

var cronLanguage = [cronFields]cronField{
	cronMinute:  {name: "minute", min: 0, max: 59},
	cronHour:    {name: "hour", min: 0, max: 23},
	cronDay:     {name: "day of month", min: 1, max: 31},
	cronMonth:   {name: "month", min: 1, max: 12, names: strings.Fields("JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC")},
	cronWeekday: {name: "day of week", min: 0, max: 6, names: strings.Fields("SUN MON TUE WED THU FRI SAT")},
}

// sunday is the other number of Sunday, behind the last day of the week.
const sunday = 7

var cronMacros = map[string]string{
	"@yearly":   "0 0 1 1 *",
	"@annually": "0 0 1 1 *",
	"@monthly":  "0 0 1 * *",
	"@weekly":   "0 0 * * 0",
	"@daily":    "0 0 * * *",
	"@midnight": "0 0 * * *",
	"@hourly":   "0 * * * *",
}

// parseCron returns the meaning of an expression that matches some day of the
// calendar. The error names the field that is wrong.
func parseCron(expression string) (cron, error) {
	fields, err := cronFieldsOf(expression)
	if err != nil {
		return cron{}, err
	}
	var sets [cronFields]uint64
	for i, text := range fields {
		if sets[i], err = cronLanguage[i].parse(text); err != nil {
			return cron{}, fmt.Errorf("%s: %w", cronLanguage[i].name, err)
		}
	}
	c := cron{
		minutes:   sets[cronMinute],
		hours:     sets[cronHour],
		days:      sets[cronDay],
		months:    sets[cronMonth],
		weekdays:  sets[cronWeekday],
		eitherDay: !startsOpen(fields[cronDay]) && !startsOpen(fields[cronWeekday]),
	}
	if _, found := c.next(0); !found {
		return cron{}, errors.New("there is no such day in the calendar")
	}
	return c, nil
}

// cronFieldsOf splits an expression into its five fields.
func cronFieldsOf(expression string) ([]string, error) {
	fields := strings.Fields(expression)
	if len(fields) == 0 {
		return nil, errors.New("it is empty")
	}
	head := strings.ToLower(fields[0])
	switch {
	case strings.HasPrefix(head, "tz="), strings.HasPrefix(head, "cron_tz="):
		return nil, errors.New("a time zone goes into Zone, not into the expression")
	case strings.HasPrefix(head, "@"):
		macro, found := cronMacros[head]
		if !found || len(fields) > 1 {
			return nil, errors.New("only @yearly, @annually, @monthly, @weekly, @daily, @midnight and @hourly begin with @")
		}
		return strings.Fields(macro), nil
	case len(fields) != cronFields:
		return nil, fmt.Errorf("it has %d fields, not 5: minute, hour, day of month, month, day of week", len(fields))
	}
	return fields, nil
}

// startsOpen reports whether a day field leaves the choice to the other one.
func startsOpen(field string) bool { return field[0] == '*' || field[0] == '?' }

// parse returns the set of values that a field admits.
func (f *cronField) parse(field string) (uint64, error) {
	var set uint64
	for item := range strings.SplitSeq(field, ",") {
		values, err := f.parseItem(item)
		if err != nil {
			return 0, err
		}
		set |= values
	}
	return set, nil
}

// parseItem returns the values of one item of a list: a value or a range, with a
// step or without.
func (f *cronField) parseItem(item string) (uint64, error) {
	span, stepText, stepped := strings.Cut(item, "/")
	low, high, err := f.parseSpan(span, stepped)
	if err != nil {
		return 0, err
	}
	step := 1
	if stepped {
		if step, err = f.parseStep(stepText); err != nil {
			return 0, err
		}
	}
	var set uint64
	for value := low; value <= high; value += step {
		set |= 1 << f.canonical(value)
	}
	return set, nil
}

// parseSpan returns the ends of a range. A single value before a step begins a
// range that ends with the field's.
func (f *cronField) parseSpan(span string, stepped bool) (low, high int, err error) {
	if span == "*" || span == "?" && f.isDay() {
		return f.min, f.max, nil
	}
	lowText, highText, ranged := strings.Cut(span, "-")
	if low, err = f.parseValue(lowText); err != nil {
		return 0, 0, err
	}
	high = low
	switch {
	case ranged:
		if high, err = f.parseValue(highText); err != nil {
			return 0, 0, err
		}
		if f.isWeek() && high == 0 && low > 0 {
			high = sunday // MON-SUN ends with Sunday
		}
	case stepped:
		high = f.max
	}
	if low > high {
		return 0, 0, fmt.Errorf("%q runs backwards, from %d to %d", span, low, high)
	}
	return low, high, nil
}

func (f *cronField) parseValue(text string) (int, error) {
	for i, name := range f.names {
		if strings.EqualFold(text, name) {
			return f.min + i, nil
		}
	}
	n, err := strconv.ParseUint(text, 10, 64)
	switch {
	case errors.Is(err, strconv.ErrSyntax):
		return 0, fmt.Errorf("%q is not a value", text)
	case err != nil || n < uint64(f.min) || n > uint64(f.limit()):
		return 0, fmt.Errorf("%s is not in %d-%d", text, f.min, f.limit())
	}
	return int(n), nil
}

// parseStep refuses a step that is wider than the field, such as */90 minutes: it
// would start afresh in each hour, and never be taken.
func (f *cronField) parseStep(text string) (int, error) {
	size := f.max - f.min + 1
	n, err := strconv.ParseUint(text, 10, 64)
	switch {
	case errors.Is(err, strconv.ErrSyntax):
		return 0, fmt.Errorf("step %q is not a number", text)
	case err != nil || n < 1 || n > uint64(size):
		return 0, fmt.Errorf("step %s is not in 1-%d", text, size)
	}
	return int(n), nil
}

func (f *cronField) isWeek() bool { return f == &cronLanguage[cronWeekday] }

func (f *cronField) isDay() bool { return f.isWeek() || f == &cronLanguage[cronDay] }

// limit is the highest number that can be written.
func (f *cronField) limit() int {
	if f.isWeek() {
		return sunday
	}
	return f.max
}

// canonical returns the one bit of a value.
func (f *cronField) canonical(value int) int {
	if f.isWeek() && value == sunday {
		return 0
	}
	return value
}
