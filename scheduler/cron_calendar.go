package scheduler

import (
	"math/bits"
	"time"
)

// A reading is what a local clock shows, in seconds since it showed midnight of
// 1970-01-01. Readings know nothing of zones: every day has 24 hours.
type reading int64

const (
	secondsPerMinute = 60
	minutesPerDay    = 24 * 60
	secondsPerDay    = minutesPerDay * secondsPerMinute

	// The Gregorian calendar repeats itself, weekdays included, after 400 years:
	// a day that is not found among them is never found.
	cycleMonths = 400 * 12
)

// next returns the first reading that the expression matches, at from or after
// it.
func (c *cron) next(from reading) (reading, bool) {
	minute := ceilDiv(int64(from), secondsPerMinute)
	day, rest := divMod(minute, minutesPerDay)
	if c.matchesDay(day) {
		if found, ok := c.minuteFrom(int(rest)); ok {
			return readingAt(day, found), true
		}
	}
	day, ok := c.dayFrom(day + 1)
	if !ok {
		return 0, false
	}
	first, _ := c.minuteFrom(0)
	return readingAt(day, first), true
}

// previous returns the last reading that the expression matches, at by or before
// it.
func (c *cron) previous(by reading) (reading, bool) {
	minute, _ := divMod(int64(by), secondsPerMinute)
	day, rest := divMod(minute, minutesPerDay)
	if c.matchesDay(day) {
		if found, ok := c.minuteUntil(int(rest)); ok {
			return readingAt(day, found), true
		}
	}
	day, ok := c.dayUntil(day - 1)
	if !ok {
		return 0, false
	}
	last, _ := c.minuteUntil(minutesPerDay - 1)
	return readingAt(day, last), true
}

// minuteFrom returns the first minute of the day that matches, at from or after
// it.
func (c *cron) minuteFrom(from int) (int, bool) {
	hour, minute := from/60, from%60
	if c.hours>>hour&1 != 0 {
		if rest := c.minutes >> minute << minute; rest != 0 {
			return hour*60 + lowest(rest), true
		}
	}
	later := c.hours >> (hour + 1) << (hour + 1)
	if later == 0 {
		return 0, false
	}
	return lowest(later)*60 + lowest(c.minutes), true
}

// minuteUntil returns the last minute of the day that matches, at by or before
// it.
func (c *cron) minuteUntil(by int) (int, bool) {
	hour, minute := by/60, by%60
	if c.hours>>hour&1 != 0 {
		if rest := c.minutes & upTo(minute); rest != 0 {
			return hour*60 + highest(rest), true
		}
	}
	earlier := c.hours & upTo(hour-1)
	if earlier == 0 {
		return 0, false
	}
	return highest(earlier)*60 + highest(c.minutes), true
}

func (c *cron) matchesDay(day int64) bool {
	year, month, d := dateOf(day)
	return c.daysOf(year, month)>>d&1 != 0
}

// dayFrom returns the first day that matches, at from or after it.
func (c *cron) dayFrom(from int64) (int64, bool) {
	year, month, day := dateOf(from)
	days := c.daysOf(year, month) >> day << day
	for range cycleMonths {
		if days != 0 {
			return dayOf(year, month, lowest(days)), true
		}
		if month++; month > time.December {
			year, month = year+1, time.January
		}
		days = c.daysOf(year, month)
	}
	return 0, false
}

// dayUntil returns the last day that matches, at by or before it.
func (c *cron) dayUntil(by int64) (int64, bool) {
	year, month, day := dateOf(by)
	days := c.daysOf(year, month) & upTo(day)
	for range cycleMonths {
		if days != 0 {
			return dayOf(year, month, highest(days)), true
		}
		if month--; month < time.January {
			year, month = year-1, time.December
		}
		days = c.daysOf(year, month)
	}
	return 0, false
}

// daysOf returns the days of one month that match, from bit 1.
func (c *cron) daysOf(year int, month time.Month) uint64 {
	if c.months>>month&1 == 0 {
		return 0
	}
	first := time.Date(year, month, 1, 0, 0, 0, 0, time.UTC)
	weekdays := weekdaysOf(c.weekdays, first.Weekday())
	days := c.days & weekdays
	if c.eitherDay {
		days = c.days | weekdays
	}
	return days & upTo(first.AddDate(0, 1, -1).Day())
}

// weekdaysOf returns the days of a month, from bit 1, which are on one of the
// given weekdays, when its first day is on that one.
func weekdaysOf(set uint64, first time.Weekday) uint64 {
	const everyWeek = 1 | 1<<7 | 1<<14 | 1<<21 | 1<<28 | 1<<35
	return set * everyWeek >> first << 1
}

func lowest(set uint64) int  { return bits.TrailingZeros64(set) }
func highest(set uint64) int { return bits.Len64(set) - 1 }

// upTo returns the set of all values from 0 to highest, which is -1 to 62.
func upTo(highest int) uint64 { return 1<<(highest+1) - 1 }

func readingAt(day int64, minute int) reading {
	return reading((day*minutesPerDay + int64(minute)) * secondsPerMinute)
}

// dateOf returns the date of a day, counted from 1970-01-01.
func dateOf(day int64) (int, time.Month, int) {
	return time.Unix(day*secondsPerDay, 0).UTC().Date()
}

func dayOf(year int, month time.Month, day int) int64 {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / secondsPerDay
}

// divMod divides and rounds down, also below zero.
func divMod(a, b int64) (quotient, rest int64) {
	quotient, rest = a/b, a%b
	if rest < 0 {
		return quotient - 1, rest + b
	}
	return quotient, rest
}

func ceilDiv(a, b int64) int64 {
	quotient, _ := divMod(a+b-1, b)
	return quotient
}
