package driver

import (
	"context"
	"errors"
	"time"

	"github.com/redriveq/redrive/scheduler"
)

// Schedules is the part of an engine that keeps schedules: messages that are to
// be published at instants of the wall clock, once or again and again.
//
//	                  Fire: the last occurrence
//	ScheduleActive ───────────────────────────────► SchedulePublished
//	       │ │         Fire: cannot go on; DeleteQueue
//	       │ └────────────────────────────────────► ScheduleFailed
//	       │ CancelSchedules
//	       └──────────────────────────────────────► ScheduleCancelled
//
// The instants of a schedule are nominal: they follow from the recurrence alone,
// and never from when somebody looked. An engine publishes nothing by itself:
// an occurrence is claimed by Fire, and claiming it, advancing the schedule and
// adding the message are one change.
type Schedules interface {
	// Schedule adds a schedule that begins at the instant wall of the wall clock:
	// its first occurrence is the first of its recurrence at wall or after it. A
	// one-shot whose instant is past is due at once, at that instant. It checks,
	// in this order: the recurrence is valid and has an occurrence, else
	// [ErrInvalid]; the queue exists, else [ErrNoQueue]; no more than s.Limit
	// schedules would be active, unless s.Limit is zero, else
	// [ErrTooManySchedules].
	//
	// A name is that of at most one active schedule. If one has it and is equal
	// in all that the caller says, that one is returned, with created false; if it
	// differs, it is cancelled and replaced in the same change, and does not count
	// for the limit.
	Schedule(ctx context.Context, now, wall time.Time, s Schedule) (info ScheduleInfo, created bool, err error)

	// Fire claims occurrences that are due at wall, at most max. It takes the
	// active schedule whose next occurrence is the earliest, of several the one
	// that was made first, claims one occurrence of it, and begins again, until
	// none is due. Which occurrence it claims, where several of one schedule are
	// due, is the schedule's Misfire policy.
	//
	// An occurrence that is published is a Send of the schedule's message to its
	// queue at now: the queue's limits and delay apply, and delays count from now.
	// Its deduplication ID is the schedule's ID, "@", and the nominal instant in
	// UTC as [time.RFC3339Nano]; its Info names schedule and nominal instant. If
	// the queue refuses it, too large or full, the occurrence is lost and counted
	// as refused, and a schedule with no further occurrence has failed. Leaving
	// occurrences out is no claim: it does not count for max.
	Fire(ctx context.Context, now, wall time.Time, max int) (Fired, error)

	// CancelSchedules cancels schedules: no occurrence of them is claimed from
	// then on. What was published stays.
	CancelSchedules(ctx context.Context, now time.Time, ids []ScheduleID) ([]ScheduleCancel, error)

	// LookupSchedule returns the schedule, or [ErrNoSchedule].
	LookupSchedule(ctx context.Context, id ScheduleID) (ScheduleInfo, error)

	// ListSchedules returns up to max schedules, active and ended ones, in the
	// order in which they were made, beginning after the one of that number; 0 is
	// the start.
	ListSchedules(ctx context.Context, after uint64, max int) ([]ScheduleInfo, error)
}

// ScheduleHistory is how many schedules that have ended an engine keeps: those
// that ended last.
const ScheduleHistory = 1000

// Errors of schedules.
var (
	// ErrNoSchedule is returned for a schedule that does not exist: it never did,
	// or it has ended and is no longer kept.
	ErrNoSchedule = errors.New("no such schedule")

	// ErrTooManySchedules is returned where as many schedules are active as the
	// profile allows.
	ErrTooManySchedules = errors.New("too many schedules")
)

// A ScheduleID names one schedule, for ever. It cannot be guessed.
type ScheduleID [16]byte

// String returns the ID as 36 characters in the form of a UUID.
func (id ScheduleID) String() string { return MessageID(id).String() }

// MarshalText returns what String returns.
func (id ScheduleID) MarshalText() ([]byte, error) { return MessageID(id).MarshalText() }

// UnmarshalText sets the ID from the form that String returns, in lower case;
// every ID has exactly one spelling.
func (id *ScheduleID) UnmarshalText(text []byte) error {
	return unmarshalID("schedule ID", (*[16]byte)(id), text)
}

// ParseScheduleID returns the ID that text spells.
func ParseScheduleID(text string) (ScheduleID, error) {
	var id ScheduleID
	err := id.UnmarshalText([]byte(text))
	return id, err
}

// A Schedule says what to publish when.
type Schedule struct {
	// Name is optional, and unique among the active schedules of an engine.
	Name string

	// Queue is where the message goes.
	Queue QueueID

	// Message is what is sent at each occurrence. At is the zero time and
	// DeduplicationID is empty; Delay counts from when it is published.
	Message Message

	Recurrence scheduler.Recurrence // Count counts occurrences that were published, no others
	Misfire    Misfire

	// Limit is how many schedules may be active; zero means any number.
	Limit int
}

// A Misfire policy says which occurrences are claimed when several of one
// schedule are due, since the process slept, was down or was busy. It is applied
// whenever Fire takes the schedule. Work does not grow with the number of
// occurrences that are left out. The zero value is MisfireOnce.
type Misfire uint8

// The misfire policies.
const (
	// MisfireOnce claims the latest one; the others are left out.
	MisfireOnce Misfire = iota
	// MisfireSkip claims the latest one if it has been due for no longer than
	// [MisfireGrace], and otherwise leaves all out.
	MisfireSkip
	// MisfireAll claims every one, the earliest first; but if more than
	// [MisfireCap] are due, those before the latest MisfireCap are left out.
	MisfireAll
)

const (
	// MisfireGrace is how late an occurrence can be under MisfireSkip.
	MisfireGrace = time.Minute

	// MisfireCap is how many occurrences of one schedule that are due MisfireAll
	// keeps.
	MisfireCap = 100
)

// A ScheduleState says where in its life a schedule is.
type ScheduleState uint8

// The states of a schedule.
const (
	ScheduleActive    ScheduleState = iota + 1 // another occurrence is to come
	SchedulePublished                          // the last occurrence was published, or left out by the Misfire policy
	ScheduleCancelled
	ScheduleFailed // nothing can be published any more, see Failure
)

// A ScheduleFailure says why a schedule failed.
type ScheduleFailure uint8

// The reasons of failures.
const (
	ScheduleQueueGone ScheduleFailure = iota + 1 // the queue was deleted
	ScheduleQueueFull                            // the queue had no room for the last occurrence
	ScheduleTooLarge                             // the message is above the queue's size limit by now
)

// A ScheduleInfo is a schedule as it stands.
type ScheduleInfo struct {
	ID        ScheduleID
	Number    uint64   // grows with each schedule
	Schedule  Schedule // Limit is zero; the message is a copy
	Queue     QueueRef
	State     ScheduleState
	Failure   ScheduleFailure // of a schedule that failed
	CreatedAt time.Time       // in broker time
	EndedAt   time.Time       // in the time of its queue; the zero time while it is active

	NextAt    time.Time // the nominal instant of the next occurrence; the zero time if there is none
	Published int       // occurrences so far
	Skips     int       // how often its Misfire policy left occurrences out, one or many
	Refused   int       // occurrences that the queue refused
	LastAt    time.Time // the nominal instant of the latest one published; the zero time if there is none
	LastID    MessageID // and its message
}

// Fired says what a call of Fire did.
type Fired struct {
	Occurrences []Occurrence // that were published or refused, in their order

	// NextAt is the nominal instant of the next occurrence of any schedule, the
	// zero time if there is none. It is due already if the call had no room left
	// for it.
	NextAt time.Time
}

// An Occurrence is one occurrence of a schedule.
type Occurrence struct {
	Schedule  ScheduleID
	Queue     QueueRef
	NominalAt time.Time
	Result    SendResult
}

// A ScheduleCancel says what became of one cancel of a schedule.
type ScheduleCancel struct {
	Outcome ScheduleOutcome
	Info    ScheduleInfo // zero if the schedule is not known
}

// A ScheduleOutcome says what a cancel of a schedule did, or why it was too
// late.
type ScheduleOutcome uint8

// The outcomes of a cancel of a schedule.
const (
	ScheduleStopped          ScheduleOutcome = iota + 1 // no further occurrence is claimed
	ScheduleAlreadyCancelled                            // by an earlier call, or since it was replaced
	ScheduleAlreadyEnded                                // it was published, or has failed
	ScheduleUnknown                                     // no such schedule is known
)
