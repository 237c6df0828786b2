// Package timetravel lets a program in any language move the clock of a broker,
// so that its tests see delays, visibility timeouts and retentions end in no
// time. It is for development: whoever reaches the handler moves the time for
// everybody.
//
//	GET                                  what time is it
//	POST {"advance": "1h30m"}            go forward by a span, as Go writes it
//	POST {"to": "2030-01-02T03:04:05Z"}  go forward to an instant, as RFC 3339 writes it
//
// Each is answered by {"now": "2030-01-02T03:04:05Z"} with the time of the clock
// afterwards, and a request that is refused by {"error": "…"}; nothing was done
// then. Time goes forward only, by [MaxAdvance] at most in one request, and
// requests take their turns. A POST must be of type application/json.
//
// When a POST is answered, everything that was due has happened: delays,
// visibility timeouts and retentions have ended in their order, schedules have
// published, and receives that were waiting have been given their messages, so
// that their own answers are on their way.
//
// # Caveats
//
//   - What becomes due on the way happens at its instant as a rule, but can happen
//     later where the clock goes over several instants at once: a receive that
//     waits can then be given a message at the time that the clock shows in the
//     end. A test to which that matters goes from one instant to the next.
//   - A move task with a rate moves what one second allows at a time, and does not
//     make up for what is late. It is sure to have made the step that is due.
//   - Each timer that fires on the way costs a millisecond of the world's time,
//     and so does each day.
package timetravel
