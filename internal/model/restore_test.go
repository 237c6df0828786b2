package model_test

import (
	"testing"

	"github.com/redriveq/redrive/queue/driver"
)

// "puts back up to r.Max of those that are under transfer by r.Task, or by any
// task if that is zero, and, if r.Messages is not nil, whose IDs it names. What
// is in flight is counted and not touched."
func TestRestoreLooks(t *testing.T) {
	const all = 1000
	for name, row := range map[string]struct {
		do   call
		want string
	}{
		"any":          {restore(driver.Restore{}), "a>q home, c>q home, 9/9 done in flight:1"},
		"task":         {restore(driver.Restore{Task: task1}), "a>q home, 9/9 done in flight:1"},
		"other task":   {restore(driver.Restore{Task: task2}), "c>q home, 9/9 done"},
		"no such task": {restore(driver.Restore{Task: driver.TaskID{3}}), "9/9 done"},
		"named":        {restoreNamed("c", "own"), "c>q home, 9/9 done"},
		"named flies":  {restoreNamed("b"), "9/9 done in flight:1"},
		"none named":   {restoreNamed(), "9/9 done"},
		"after":        {restore(driver.Restore{After: 6}), "c>q home, 9/9 done in flight:1"},
		"up to":        {restore(driver.Restore{UpTo: 8}), "a>q home, 8/8 done in flight:1"},
		"look 0":       {restoreSome(driver.Restore{Max: all}), "0/9"},
		"look 2":       {restoreSome(driver.Restore{Max: all, Look: 2}), "a>q home, 6/9"},
		"max 0":        {restoreSome(driver.Restore{Look: all}), "0/9"},
		"max 1":        {restoreSome(driver.Restore{Max: 1, Look: all}), "a>q home, 6/9"},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, []step{
				{0, create(driver.Patch{}), "created"},
				{0, in("p", create(driver.Patch{})), "created"},
				{0, send("a", "b", "c"), "sent sent sent"},
				{0, in("p", send("own")), "sent"},  // 4
				{0, in("p", receive(1)), "own#1"},  // in flight, and not meant
				{0, in("p", send("next")), "sent"}, // 5
				{0, in("p", cancel("next")), "cancelled"},
				{0, transferTo("p", driver.Transfer{UpTo: 2}), "a>p, b>p, 2/2 done"}, // 6, 7
				{0, in("p", receiveFor(1, 0)), "a#1"},
				{0, in("p", receive(1)), "b#1"},
				{0, in("p", send("8")), "sent"}, // not under transfer
				{0, transferTo("p", driver.Transfer{Task: task2}), "c>p, 3/3 done"},
				{0, in("p", row.do), row.want},
			})
		})
	}
}

// A message is put back with everything that it had before the first transfer:
// here with its sequence, counts and instants, in its line.
func TestRestoreIdentity(t *testing.T) {
	play(t, []step{
		{0, in("dead", create(driver.Patch{})), "created"},
		{0, create(driver.Patch{DeadLetter: &driver.DeadLetter{Queue: "dead", MaxReceives: 2}, Retention: new(m)}), "created"},
		{0, in("p", create(driver.Patch{})), "created"},
		{0, in("z", create(driver.Patch{})), "created"},
		{0, send("A/1", "A/2", "b"), "sent sent sent"},
		{0, delayed("A/3", 9*s), "sent"},
		{1 * s, receiveFor(1, 0), "A/1#1"},
		{1 * s, peek(9), "b A/2 A/1"},
		{2 * s, list(), "A/1 visible 1s, A/2 visible 0s, b visible 0s, A/3 delayed 9s"},
		{2 * s, transferTo("p", driver.Transfer{Filter: driver.Filter{Group: new("A")}, AtOnce: true}), "A/1>p, A/2>p, A/3>p, 4/4 done"},
		{3 * s, in("p", receive(9)), "A/1#2 A/2#1 A/3#1"},
		{3 * s, in("p", change("A/1", 0)), "changed"},
		{3 * s, in("p", change("A/2", 0)), "changed"},
		{3 * s, in("p", change("A/3", 0)), "changed"},
		{4 * s, in("p", transferTo("z", driver.Transfer{Task: task2, AtOnce: true})), "A/1>z, A/2>z, A/3>z, 7/7 done"},
		{4 * s, in("z", receiveFor(9, 0)), "A/1#3 A/2#2 A/3#2"},
		{5 * s, in("z", restore(driver.Restore{Task: task2})), "A/1>q home, A/2>q home, A/3>q home, 10/10 done"},
		{5 * s, list(), "A/1 visible 1s, A/2 visible 0s, b visible 0s, A/3 delayed 9s"},
		{5 * s, peek(9), "b A/2 A/1"}, // A has joined at the end
		{5 * s, details("A/1"), "same, sent 0s, received 1s, visible 1s, #1"},
		{5 * s, details("A/2"), "same, sent 0s, received never, visible 0s, #0"},
		{5 * s, cancel("A/2", "b"), "delivered cancelled"}, // "it is delivered to nobody" would not be true
		{6 * s, receiveFor(9, 0), "A/2#1 A/1#2"},
		{6 * s, details("A/2"), "same, sent 0s, received 6s, visible 6s, #1"},
		{6 * s, receiveFor(1, 0), "A/2#2"},
		{6 * s, receiveFor(9, 0), "dead-lettered:2"}, // A/1 had one here before, A/2 none
		{9*s - ns, peek(9), ""},
		{9 * s, peek(9), "A/3"},
		{m - ns, holds(), "A/3"},
		{m, holds(), ""}, // retention counts as before
	})
}

// "In a standard queue it stands in the line of its group before the first
// message that became visible after it did, or in the same instant with a higher
// sequence; with DueNow, at the end. A group that had nothing visible joins the
// rotation at its end."
func TestRestoreLine(t *testing.T) {
	for _, row := range []struct {
		dueNow     bool
		list, peek string
	}{
		{false, "a visible 4s, b visible 2s, c visible 2s, d visible 2s, e visible 3s, G/1 visible 3s, f visible 5s", "b G/1 c d e a f"},
		{true, "a visible 6s, b visible 2s, c visible 6s, d visible 2s, e visible 3s, G/1 visible 6s, f visible 5s", "b G/1 d e f a c"},
	} {
		play(t, []step{
			{0, create(driver.Patch{}), "created"},
			{0, in("p", create(driver.Patch{})), "created"},
			{0, delayed("a", 4*s), "sent"},
			{2 * s, send("b", "c", "d"), "sent sent sent"},
			{3 * s, send("e", "G/1"), "sent sent"},
			{5 * s, send("f"), "sent"},
			{5 * s, transferTo("p", driver.Transfer{UpTo: 1}), "a>p, 1/1 done"},
			{5 * s, transferTo("p", driver.Transfer{After: 2, UpTo: 3}), "c>p, 3/3 done"},
			{5 * s, transferTo("p", driver.Transfer{Filter: driver.Filter{Group: new("G")}}), "G/1>p, 7/7 done"},
			{5 * s, in("p", receiveFor(9, 0)), "a#1 G/1#1 c#1"},
			{6 * s, in("p", restore(driver.Restore{DueNow: row.dueNow})), "a>q home, c>q home, G/1>q home, 10/10 done"},
			{6 * s, list(), row.list},
			{6 * s, peek(9), row.peek},
		})
	}
}

// A message that is not due yet is so at home too, and with DueNow it is.
func TestRestoreDelayed(t *testing.T) {
	for _, row := range []struct {
		dueNow bool
		want   string
	}{
		{false, "a delayed 9s"}, {true, "a visible 2s"},
	} {
		play(t, []step{
			{0, create(driver.Patch{}), "created"},
			{0, in("p", create(driver.Patch{})), "created"},
			{0, delayed("a", 9*s), "sent"},
			{1 * s, transferTo("p", driver.Transfer{}), "a>p, 1/1 done"},
			{1 * s, in("p", list()), "a delayed 9s"},
			{2 * s, in("p", restore(driver.Restore{DueNow: row.dueNow})), "a>q home, 2/2 done"},
			{2 * s, list(), row.want},
			{2 * s, cancel("a"), "cancelled"},
		})
	}
}

// "A message whose retention is over is gone when it comes home, like any
// other."
func TestRestoreRetention(t *testing.T) {
	for _, dueNow := range []bool{false, true} {
		play(t, []step{
			{0, create(driver.Patch{Retention: new(5 * s)}), "created"},
			{0, in("p", create(driver.Patch{})), "created"},
			{0, send("a"), "sent"},
			{0, delayed("b", m), "sent"},
			{1 * s, send("c"), "sent"},
			{1 * s, transferTo("p", driver.Transfer{}), "a>p, b>p, c>p, 3/3 done"},
			{5 * s, in("p", restore(driver.Restore{DueNow: dueNow})), "a>q home, b>q home, c>q home, 6/6 done"},
			{5 * s, holds(), "c"},
			{6 * s, holds(), ""},
			{6 * s, cancel("a"), "gone"},
		})
	}
}

// "A message whose home does not exist any more, or has no room, stays under
// transfer and is counted."
func TestRestoreWithoutHome(t *testing.T) {
	play(t, []step{
		{0, create(driver.Patch{}), "created"},
		{0, in("o", create(driver.Patch{})), "created"},
		{0, in("p", create(driver.Patch{})), "created"},
		{0, send("a", "b"), "sent sent"},
		{0, in("o", send("c", "d")), "sent sent"},
		{0, in("p", send("own")), "sent"},
		{0, transferTo("p", driver.Transfer{}), "a>p, b>p, 2/2 done"},
		{0, in("o", transferTo("p", driver.Transfer{})), "c>p, d>p, 4/4 done"},
		{0, in("o", drop()), ok},
		{0, in("o", create(driver.Patch{})), "created"}, // another one
		{0, set(driver.Patch{MaxMessages: new(1)}), ok},
		{0, in("p", restoreNamed("b", "c")), "b>q home, 9/9 done no home:1"},
		{0, in("p", restoreNamed("a")), "9/9 done no room:1"},
		{0, in("p", restoreNamed("d")), "9/9 done no home:1"},
		{0, in("p", holds()), "own a c d"},
		{0, in("p", underTransfer()), "3"},
		{0, purge(), "1"},
		{0, in("p", restoreNamed("a")), "a>q home, 9/9 done"},
		{0, in("p", transferTo("q", driver.Transfer{})), "0/9 full"}, // before own
	})
}
