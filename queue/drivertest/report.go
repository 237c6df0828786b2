package drivertest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A Report says what happened in runs of the driver, so that a test can tell
// whether they reached what they are there for.
type Report struct {
	Runs, Steps int
	Receives    int // that were no errors
	Served      int // of those, the ones that handed out something
	Deletes     int // receipts that were used
	Stale       int // of those, the ones that were not current

	Operations map[string]int // how often each was called
	Marks      map[string]int // how often each rare state was reached
}

// Add adds what other counted.
func (r *Report) Add(other Report) {
	r.Runs += other.Runs
	r.Steps += other.Steps
	r.Receives += other.Receives
	r.Served += other.Served
	r.Deletes += other.Deletes
	r.Stale += other.Stale
	r.Operations = sum(r.Operations, other.Operations)
	r.Marks = sum(r.Marks, other.Marks)
}

func sum(a, b map[string]int) map[string]int {
	total := maps.Clone(a)
	if total == nil {
		total = make(map[string]int)
	}
	for name, count := range b {
		total[name] += count
	}
	return total
}

// Check returns an error if the runs were too tame to prove anything: if less
// than 60% of the receives handed out something, if less than 5% of the
// receipts used for deletes were stale, or if a rare state was reached fewer
// times than marks says.
func (r *Report) Check(marks int) error {
	var faults []string
	if r.Served*100 < r.Receives*60 || r.Receives == 0 {
		faults = append(faults, fmt.Sprintf("%d of %d receives handed out something, want 60%%", r.Served, r.Receives))
	}
	if r.Stale*100 < r.Deletes*5 || r.Deletes == 0 {
		faults = append(faults, fmt.Sprintf("%d of %d deletes were stale, want 5%%", r.Stale, r.Deletes))
	}
	for _, name := range markNames {
		if r.Marks[name] < marks {
			faults = append(faults, fmt.Sprintf("%q happened %d times, want %d", name, r.Marks[name], marks))
		}
	}
	if len(faults) > 0 {
		return fmt.Errorf("%d runs of %d steps reached too little:\n%s", r.Runs, r.Steps, strings.Join(faults, "\n"))
	}
	return nil
}

// String returns the counts, one on a line.
func (r *Report) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%d runs, %d steps; %d of %d receives served; %d of %d deletes stale\n",
		r.Runs, r.Steps, r.Served, r.Receives, r.Stale, r.Deletes)
	for _, counts := range []map[string]int{r.Operations, r.Marks} {
		for _, name := range slices.Sorted(maps.Keys(counts)) {
			fmt.Fprintf(&text, "%8d %s\n", counts[name], name)
		}
	}
	return text.String()
}

// A mark is a rare state that runs must reach.
type mark int

const (
	lateDelete mark = iota
	supersededDelete
	lateDeleteRefused
	supersededDeleteRefused
	deleteOfGone
	deleteOfForeign
	deleteInRecreated
	deadLettered
	deadLetteredAndServed
	strandedMissing
	strandedFull
	rotationOfThree
	severalOfGroup
	duplicated
	duplicatedInCall
	duplicateExpired
	tooLarge
	fullQueue
	limitStandard
	limitFIFO
	limitShortened
	zeroVisibility
	receiveAboveCap
	changedToZero
	changeCapped
	changeLate
	changeLateRefused
	changeLimited
	changeSuperseded
	takenBack
	cancelledDelayed
	cancelledVisible
	cancelTooLateInFlight
	cancelTooLateDelivered
	cancelTooLateGone
	cancelUnknown
	pastRetentionInFlight
	groupBlocked
	freedByDelete
	freedByTimeout
	freedByChange
	freedByDeadLetter
	freedByPurge
	purgeInFlight
	oldHandle
	recreated
	existing
	conflict
	attributesRefused
	policyRefused
	clockBack
	clockJumped
	longDelay
	pastInstant
	boundaryBefore
	boundaryAt
	boundaryAfter
	marks // how many there are
)

var markNames = [marks]string{
	lateDelete:              "late delete",
	supersededDelete:        "superseded delete",
	lateDeleteRefused:       "late delete refused",
	supersededDeleteRefused: "superseded delete refused",
	deleteOfGone:            "delete of a message that is gone",
	deleteOfForeign:         "delete with a receipt of another queue",
	deleteInRecreated:       "delete with a receipt of an earlier queue of the name",
	deadLettered:            "dead-lettered in a receive",
	deadLetteredAndServed:   "dead-lettered, and the receive went on to another",
	strandedMissing:         "stranded: no dead-letter queue",
	strandedFull:            "stranded: dead-letter queue full",
	rotationOfThree:         "three groups in one receive",
	severalOfGroup:          "several of one group in one receive",
	duplicated:              "duplicate",
	duplicatedInCall:        "duplicate within one send",
	duplicateExpired:        "deduplication ID used again after its window",
	tooLarge:                "message too large",
	fullQueue:               "queue full",
	limitStandard:           "in-flight limit, standard",
	limitFIFO:               "in-flight limit, FIFO",
	limitShortened:          "in-flight limit shortened a receive",
	zeroVisibility:          "received with visibility timeout zero",
	receiveAboveCap:         "receive above the cap",
	changedToZero:           "current receipt changed to zero",
	changeCapped:            "change above the cap",
	changeLate:              "late message hidden again",
	changeLateRefused:       "late change refused",
	changeLimited:           "late message not hidden again: in-flight limit",
	changeSuperseded:        "superseded change refused",
	takenBack:               "delivery taken back",
	cancelledDelayed:        "cancelled while delayed",
	cancelledVisible:        "cancelled while visible",
	cancelTooLateInFlight:   "cancel too late: in flight",
	cancelTooLateDelivered:  "cancel too late: delivered before",
	cancelTooLateGone:       "cancel too late: gone",
	cancelUnknown:           "cancel of an unknown message",
	pastRetentionInFlight:   "in flight past its retention",
	groupBlocked:            "FIFO receive found only blocked groups",
	freedByDelete:           "group freed by a delete",
	freedByTimeout:          "group freed by the end of a timeout",
	freedByChange:           "group freed by a change to zero",
	freedByDeadLetter:       "group freed by a dead letter",
	freedByPurge:            "group freed by a purge",
	purgeInFlight:           "purge with messages in flight",
	oldHandle:               "call on an earlier queue of the name",
	recreated:               "queue created again",
	existing:                "creation found the queue",
	conflict:                "creation of a queue with other attributes",
	attributesRefused:       "attributes refused",
	policyRefused:           "dead-letter policy refused",
	clockBack:               "clock went back",
	clockJumped:             "clock jumped 400 years",
	longDelay:               "delay of more than a year",
	pastInstant:             "instant in the past",
	boundaryBefore:          "1 ns before a deadline",
	boundaryAt:              "at a deadline",
	boundaryAfter:           "1 ns after a deadline",
}
