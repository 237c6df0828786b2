package scheduler

import (
	"strings"
	"testing"
	"time"
)

var year2026 = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func TestCronSpellings(t *testing.T) {
	for _, test := range []struct{ expression, same string }{
		{"@yearly", "0 0 1 1 *"},
		{"@annually", "0 0 1 1 *"},
		{"@monthly", "0 0 1 * *"},
		{"@weekly", "0 0 * * 0"},
		{"@daily", "0 0 * * *"},
		{"@Midnight", "0 0 * * *"},
		{"@HOURLY", "0 * * * *"},
		{"\t0  0 * * *\n", "0 0 * * *"},
		{"00 007 * * *", "0 7 * * *"},
		{"0-59 0-23 * 1-12 *", "* * * * *"},
		{"0 0 ? * ?", "0 0 * * *"},
		{"0 0 1 * ?", "0 0 1 * *"},
		{"0 0 ?/2 * *", "0 0 */2 * *"},
		{"*/15 * * * *", "0,15,30,45 * * * *"},
		{"*/1 * * * *", "* * * * *"},
		{"*/60 */24 * * *", "0 0 * * *"},
		{"5/15 * * * *", "5,20,35,50 * * * *"},
		{"10-40/15 * * * *", "10,25,40 * * * *"},
		{"10-40/31 * * * *", "10 * * * *"},
		{"40,10-12,11 * * * *", "10,11,12,40 * * * *"},
		{"0 0 * JAN,feb,Mar,APR *", "0 0 * 1-4 *"},
		{"0 0 * may-AUG *", "0 0 * 5-8 *"},
		{"0 0 * SEP/3,oct,NOV *", "0 0 * 9-12 *"},
		{"0 0 * * SUN,mon,Tue", "0 0 * * 0-2"},
		{"0 0 * * WED-sat", "0 0 * * 3-6"},
		{"0 0 * * 7", "0 0 * * SUN"},
		{"0 0 * * 5-7", "0 0 * * FRI,SAT,SUN"},
		{"0 0 * * MON-SUN", "0 0 * * 0-6"},
		{"0 0 * * 0-7", "0 0 * * 0-6"},
		{"0 0 * * SUN-SUN", "0 0 * * SUN"},
		{"0 0 * * 1/2", "0 0 * * MON,WED,FRI"},
		{"0 0 31 */2 *", "0 0 31 1,3,5,7,9,11 *"},
	} {
		got, err := parseCron(test.expression)
		if err != nil {
			t.Errorf("parseCron(%q) = %v", test.expression, err)
			continue
		}
		want, err := parseCron(test.same)
		if err != nil {
			t.Errorf("parseCron(%q) = %v", test.same, err)
		}
		if got != want {
			t.Errorf("parseCron(%q) = %+v, want %+v as of %q", test.expression, got, want, test.same)
		}
	}
}

func TestCronErrors(t *testing.T) {
	for _, test := range []struct{ expression, want string }{
		{" ", "it is empty"},
		{"* * * *", "it has 4 fields, not 5"},
		{"0 0 0 * * *", "it has 6 fields, not 5"},
		{"TZ=Asia/Tokyo * * * * *", "goes into Zone"},
		{"CRON_TZ=Asia/Tokyo * * * * *", "goes into Zone"},
		{"TZ=", "goes into Zone"},
		{"@reboot", "begin with @"},
		{"@every 5m", "begin with @"},
		{"@daily * * * *", "begin with @"},
		{"60 * * * *", "minute: 60 is not in 0-59"},
		{"99999999999999999999 * * * *", "minute: 99999999999999999999 is not in 0-59"},
		{"-1 * * * *", `minute: "" is not a value`},
		{"+1 * * * *", `minute: "+1" is not a value`},
		{"1_0 * * * *", `minute: "1_0" is not a value`},
		{"? * * * *", `minute: "?" is not a value`},
		{"* 24 * * *", "hour: 24 is not in 0-23"},
		{"* 5-24 * * *", "hour: 24 is not in 0-23"},
		{"* ? * * *", `hour: "?" is not a value`},
		{"* 22-2 * * *", `hour: "22-2" runs backwards, from 22 to 2`},
		{"* 1-2-3 * * *", `hour: "2-3" is not a value`},
		{"* *-3 * * *", `hour: "*" is not a value`},
		{"* , * * *", `hour: "" is not a value`},
		{"* * 0 * *", "day of month: 0 is not in 1-31"},
		{"* * 32 * *", "day of month: 32 is not in 1-31"},
		{"* * L * *", `day of month: "L" is not a value`},
		{"* * 15W * *", `day of month: "15W" is not a value`},
		{"* * MON * *", `day of month: "MON" is not a value`},
		{"* * * 0 *", "month: 0 is not in 1-12"},
		{"* * * 13 *", "month: 13 is not in 1-12"},
		{"* * * ? *", `month: "?" is not a value`},
		{"* * * JANUARY *", `month: "JANUARY" is not a value`},
		{"* * * DEC-JAN *", `month: "DEC-JAN" runs backwards, from 12 to 1`},
		{"* * * * 8", "day of week: 8 is not in 0-7"},
		{"* * * * MON#2", `day of week: "MON#2" is not a value`},
		{"* * * * 7/2", `day of week: "7" runs backwards, from 7 to 6`},
		{"*/0 * * * *", "minute: step 0 is not in 1-60"},
		{"*/61 * * * *", "minute: step 61 is not in 1-60"},
		{"*/90 * * * *", "minute: step 90 is not in 1-60"},
		{"* */25 * * *", "hour: step 25 is not in 1-24"},
		{"* * * * */8", "day of week: step 8 is not in 1-7"},
		{"*/99999999999999999999 * * * *", "minute: step 99999999999999999999 is not in 1-60"},
		{"*/ * * * *", `minute: step "" is not a number`},
		{"*/2/2 * * * *", `minute: step "2/2" is not a number`},
		{"*/-2 * * * *", `minute: step "-2" is not a number`},
		{"0 0 30 2 *", "no such day"},
		{"0 0 31 2,4,6,9,11 *", "no such day"},
		{"0 0 30 2 */2", "no such day"},
	} {
		_, err := NewTimetable(Recurrence{Cron: test.expression}, year2026)
		if err == nil {
			t.Errorf("NewTimetable of %q: no error, want %q", test.expression, test.want)
			continue
		}
		for _, want := range []string{"scheduler: recurrence: cron expression", test.want} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("NewTimetable of %q: %q, want %q in it", test.expression, err, want)
			}
		}
	}
}

// Both fields of days, in a month that begins with a Sunday.
func TestCronDays(t *testing.T) {
	for _, test := range []struct {
		expression string
		want       []int // days of February 2026
	}{
		{"0 0 * 2 WED", []int{4, 11, 18, 25}},
		{"0 0 10 2 *", []int{10}},
		{"0 0 10 2 ?", []int{10}},
		{"0 0 10 2 WED", []int{4, 10, 11, 18, 25}},
		{"0 0 10,25-31 2 WED", []int{4, 10, 11, 18, 25, 26, 27, 28}},
		{"0 0 30 2 SAT", []int{7, 14, 21, 28}},
		{"0 0 */10 2 WED", []int{11}},
		{"0 0 1/10 2 WED", []int{1, 4, 11, 18, 21, 25}},
		{"0 0 3-5 2 */2", []int{3, 5}},
		{"0 0 3-5 2 0-6/2", []int{1, 3, 4, 5, 7, 8, 10, 12, 14, 15, 17, 19, 21, 22, 24, 26, 28}},
	} {
		table := mustTimetable(t, Recurrence{Cron: test.expression}, time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC))
		at, found := table.First()
		for i, day := range test.want {
			if want := time.Date(2026, 2, day, 0, 0, 0, 0, time.UTC); !found || at != want {
				t.Errorf("%q, step %d: %v, %t, want %v", test.expression, i, at, found, want)
			}
			at, found = table.Next(at)
		}
		if !found || at.Year() == 2026 && at.Month() == time.February {
			t.Errorf("%q after its last day of February: %v, %t, want a later month", test.expression, at, found)
		}
	}
}

// What occurs most rarely is found at once, in both directions.
func TestCronRareDays(t *testing.T) {
	for _, test := range []struct {
		expression string
		want       []int // years
	}{
		{"0 0 29 2 *", []int{2092, 2096, 2104, 2108}},
		{"0 0 29 2 */7", []int{2060, 2088, 2128, 2156}}, // a Sunday
		{"0 0 29 FEB ?", []int{1892, 1896, 1904}},
	} {
		begin := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
		table := mustTimetable(t, Recurrence{Cron: test.expression}, begin)
		leapDay := func(year int) time.Time { return time.Date(year, 2, 29, 0, 0, 0, 0, time.UTC) }
		for i, year := range test.want[1:] {
			previous := leapDay(test.want[i])
			if got, found := table.Next(previous); !found || got != leapDay(year) {
				t.Errorf("%q: Next(%v) = %v, %t, want %v", test.expression, previous, got, found, leapDay(year))
			}
			by := leapDay(year).Add(-1)
			if got, found := table.Latest(by); !found || got != previous {
				t.Errorf("%q: Latest(%v) = %v, %t, want %v", test.expression, by, got, found, previous)
			}
		}
	}
}

func mustTimetable(t testing.TB, r Recurrence, begin time.Time) *Timetable {
	t.Helper()
	table, err := NewTimetable(r, begin)
	if err != nil {
		t.Fatalf("NewTimetable(%+v, %v): %v", r, begin, err)
	}
	return table
}
