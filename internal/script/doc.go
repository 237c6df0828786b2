// Package script plays scenario scripts against a broker on a clock that moves
// only when the script says so.
//
// A script is text. A line is a comment, which begins with #, or a command; the
// answers to a command stand below it, indented by four spaces:
//
//	# A message that is sent with a delay is received when the delay has ended.
//	create orders visibility=30s
//	send orders hello delay=5s as=m
//	    m: sequence 1
//	receive orders as=r
//	    r: nothing
//	advance 5s
//	receive orders as=r
//	    r: m "hello" receives 1 fence 1 visible 00:00:35
//	delete orders r
//	    r: deleted (current)
//
// A script is right if the broker gives the answers that stand in it. [Run]
// writes a script with the answers that the broker gives, so a script that is
// right comes out as it went in. The command help lists the commands.
//
// # Names
//
// Message IDs and receipts are random, so no answer shows one. Scripts name
// them with as=, and use the names in later commands. A send of several
// messages and a receive with max= give names that end in a number: as=m names
// m1, m2 and so on. What is no name of a receipt is taken for the receipt
// itself, and what is no name of a message for its ID.
//
// Words are separated by spaces. A word, or the value of an option, that has
// spaces in it stands in quotes, as in Go; a word in quotes is never an option.
//
// Schedules, move tasks and transfers have names of the same kind; a schedule
// that is given none has its Name. A message that is an occurrence is shown with
// its schedule and its nominal instant:
//
//	schedule orders stocktaking as=daily first=09:00:00 every=24h
//	    daily: next 09:00:00
//	advance 10h
//	peek orders
//	    1: "stocktaking" sent 09:00:00 visible since 09:00:00 receives 0 of daily at 09:00:00
//	cancel-schedule daily
//	    daily: stopped, 1 published
//
// # Steps
//
// Move tasks and transfers go on by the step, when the script says so. A
// transfer to a place outside the broker goes to its transfer queue, which is
// named like xfer:elsewhere and created by the first command that names it:
//
//	start-move dead to=orders as=t
//	    t: running, moved 0 of 2
//	step-move t max=10
//	    t: completed, moved 2 of 2
//	transfer orders xfer:elsewhere
//	    x: 3 transferred
//	restore xfer:elsewhere
//	    3 restored
//
// # Time
//
// A script begins on the first of January 2030 at midnight UTC, unless the
// command clock says otherwise. Instants of the present day are shown without
// the date.
//
// A receive that has to wait goes on in the background, and the commands that
// follow are played meanwhile. What it got is an answer to the command during
// which it ended, with the instant if that command moved the clock. Everything
// that falls due while the clock is moved happens one instant after the other,
// and before the next command is played; nothing depends on how goroutines are
// scheduled.
package script
