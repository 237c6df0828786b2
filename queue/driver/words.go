package driver

// The words for outcomes, standings and modes, by value; the first is for
// values that are none.
var (
	sendWords     = []string{"invalid outcome", "sent", "duplicate", "too large", "queue full"}
	standingWords = []string{"invalid standing", "current", "late", "superseded"}
	deleteWords   = []string{"invalid outcome", "deleted", "already gone", "late", "superseded", "wrong queue", "malformed"}
	changeWords   = []string{"invalid outcome", "changed", "gone", "late", "superseded", "above the cap", "in-flight limit", "wrong queue", "malformed"}
	cancelWords   = []string{"invalid outcome", "cancelled", "in flight", "delivered", "gone", "unknown"}

	moveStateWords       = []string{"invalid state", "running", "cancelling", "cancelled", "completed", "failed"}
	moveFailureWords     = []string{"", "destination gone", "destination full", "message without origin", "timed out", "source gone"}
	scheduleStateWords   = []string{"invalid state", "active", "published", "cancelled", "failed"}
	scheduleFailureWords = []string{"", "queue gone", "queue full", "message too large"}
	scheduleOutcomeWords = []string{"invalid outcome", "stopped", "already cancelled", "already ended", "unknown"}
)

func word[T ~uint8](words []string, value T) string {
	if int(value) >= len(words) {
		return words[0]
	}
	return words[value]
}

// String returns what became of the message, in a word or two.
func (o SendOutcome) String() string { return word(sendWords, o) }

// String returns "current", "late" or "superseded".
func (s Standing) String() string { return word(standingWords, s) }

// String returns what became of the message, or why it stays, in a word or two.
func (o DeleteOutcome) String() string { return word(deleteWords, o) }

// String returns what became of the timeout, or why it stays, in a word or two.
func (o ChangeOutcome) String() string { return word(changeWords, o) }

// String returns "cancelled", or in a word or two why it was too late.
func (o CancelOutcome) String() string { return word(cancelWords, o) }

// String returns the name of the state, in lower case.
func (s MoveState) String() string { return word(moveStateWords, s) }

// String returns the reason in a few words, "" if there is none.
func (f MoveFailure) String() string { return word(moveFailureWords, f) }

// String returns the name of the state, in lower case.
func (s ScheduleState) String() string { return word(scheduleStateWords, s) }

// String returns the reason in a few words, "" if there is none.
func (f ScheduleFailure) String() string { return word(scheduleFailureWords, f) }

// String returns "stopped", or in a word or two why it was too late.
func (o ScheduleOutcome) String() string { return word(scheduleOutcomeWords, o) }

// String returns "once", "skip" or "all".
func (m Misfire) String() string {
	switch m {
	case MisfireOnce:
		return "once"
	case MisfireSkip:
		return "skip"
	case MisfireAll:
		return "all"
	}
	return "invalid misfire policy"
}
