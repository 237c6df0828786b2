package scheduler_test

import (
	"fmt"
	"log"
	"time"
	_ "time/tzdata"

	"github.com/redriveq/redrive/scheduler"
)

// Half past two in Berlin: on the day in March on which there is no such time,
// at the end of the gap; on the day in October that has it twice, the first time
// round.
func ExampleTimetable() {
	nightly := scheduler.Recurrence{Cron: "30 2 * * *", Zone: "Europe/Berlin"}
	berlin, err := time.LoadLocation(nightly.Zone)
	if err != nil {
		log.Fatal(err)
	}
	for _, begin := range []time.Time{
		time.Date(2026, 3, 28, 0, 0, 0, 0, berlin),
		time.Date(2026, 10, 24, 0, 0, 0, 0, berlin),
	} {
		table, err := scheduler.NewTimetable(nightly, begin)
		if err != nil {
			log.Fatal(err)
		}
		at, found := table.First()
		for range 3 {
			fmt.Println(at.In(berlin), found)
			at, found = table.Next(at)
		}
	}
	// Output:
	// 2026-03-28 02:30:00 +0100 CET true
	// 2026-03-29 03:00:00 +0200 CEST true
	// 2026-03-30 02:30:00 +0200 CEST true
	// 2026-10-24 02:30:00 +0200 CEST true
	// 2026-10-25 02:30:00 +0200 CEST true
	// 2026-10-26 02:30:00 +0100 CET true
}

// A rhythm, which leaves the hour open, has neither a pause nor a rush.
func ExampleTimetable_rhythm() {
	table, err := scheduler.NewTimetable(
		scheduler.Recurrence{Cron: "*/30 * * * *", Zone: "Europe/Berlin"},
		time.Date(2026, 10, 25, 0, 0, 0, 0, time.UTC),
	)
	if err != nil {
		log.Fatal(err)
	}
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		log.Fatal(err)
	}
	at, _ := table.First()
	for range 5 {
		fmt.Println(at.In(berlin).Format("15:04 MST"))
		at, _ = table.Next(at)
	}
	// Output:
	// 02:00 CEST
	// 02:30 CEST
	// 02:00 CET
	// 02:30 CET
	// 03:00 CET
}

// A process that has slept for a year takes the latest occurrence that it missed,
// and goes on with the next one of the same grid.
func ExampleTimetable_Latest() {
	table, err := scheduler.NewTimetable(
		scheduler.Recurrence{First: time.Date(2026, 1, 1, 0, 10, 0, 0, time.UTC), Every: time.Hour},
		time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
	)
	if err != nil {
		log.Fatal(err)
	}
	now := time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC)
	latest, _ := table.Latest(now)
	next, _ := table.Next(now)
	fmt.Println(latest)
	fmt.Println(next)
	// Output:
	// 2027-01-01 11:10:00 +0000 UTC
	// 2027-01-01 12:10:00 +0000 UTC
}

// An expression that cannot be is refused with the reason.
func ExampleNewTimetable() {
	for _, cron := range []string{"0 24 * * *", "0 0 31 2 *", "TZ=Asia/Tokyo 0 0 * * *"} {
		_, err := scheduler.NewTimetable(scheduler.Recurrence{Cron: cron}, time.Now())
		fmt.Println(err)
	}
	// Output:
	// scheduler: recurrence: cron expression "0 24 * * *": hour: 24 is not in 0-23
	// scheduler: recurrence: cron expression "0 0 31 2 *": there is no such day in the calendar
	// scheduler: recurrence: cron expression "TZ=Asia/Tokyo 0 0 * * *": a time zone goes into Zone, not into the expression
}
