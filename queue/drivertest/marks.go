package drivertest

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
	moveNotDeadLetter
	moveNoDestination
	moveRefused
	moveActive
	moveDry
	moveGone
	moveFull
	moveNoOrigin
	moveTimedOut
	moveStopped
	moveCompleted
	moveRemaining
	moveHomeMany
	moveKept
	movePassedOver
	moveForgotten
	moveNotRunning
	moveUnknown
	transferDelayed
	transferAtOnce
	transferAgain
	transferHome
	transferFull
	transferNoDestination
	transferRefused
	transferDry
	transferContinued
	restoredFar
	restoredBeforeNewer
	restoredPastDue
	restoredLater
	restoredDueNow
	restoreInFlight
	restoreNoHome
	restoreNoRoom
	restoredOver
	cancelledRestored
	receivedUnderTransfer
	thereAndBack
	thereAndBackFar
	acceptDuplicate
	acceptAgain
	acceptHistory
	misfireOnceMissed
	misfireSkipMissed
	misfireSkipGrace
	misfireAllMissed
	misfireAllCapped
	scheduleReplaced
	scheduleFound
	scheduleTooMany
	scheduleInvalid
	schedulePast
	scheduleCron
	endedByCount
	endedByUntil
	firedFull
	firedTooLarge
	scheduleRefused
	scheduleGone
	scheduleStopped
	scheduleCancelledBefore
	scheduleEndedBefore
	fireNoRoom
	wallBack
	census
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

	moveNotDeadLetter:       "move refused: source no dead-letter queue",
	moveNoDestination:       "move refused: no destination",
	moveRefused:             "move refused: destination is the source or of the other kind",
	moveActive:              "move refused: one is active",
	moveDry:                 "dry run of a move",
	moveGone:                "move failed: destination gone",
	moveFull:                "move failed: destination full",
	moveNoOrigin:            "move failed: message without origin",
	moveTimedOut:            "move failed: timed out",
	moveStopped:             "move cancelled midway",
	moveCompleted:           "move completed, nothing remaining",
	moveRemaining:           "move completed, some remaining",
	moveHomeMany:            "one step moved to two origins",
	moveKept:                "moved with its identity",
	movePassedOver:          "move passed over what is in flight",
	moveForgotten:           "move task no longer known",
	moveNotRunning:          "cancel of a move that is not running",
	moveUnknown:             "step of a move task that never was",
	transferDelayed:         "transferred while delayed",
	transferAtOnce:          "transferred at once while delayed",
	transferAgain:           "transferred on",
	transferHome:            "transferred home",
	transferFull:            "transfer ended: no room",
	transferNoDestination:   "transfer refused: no destination",
	transferRefused:         "transfer refused: destination is the source or of the other kind",
	transferDry:             "dry run of a transfer",
	transferContinued:       "transfer continued from a cursor",
	restoredFar:             "restored over two hops or more",
	restoredBeforeNewer:     "restored to a queue that got newer messages meanwhile",
	restoredPastDue:         "restored after its delay had ended",
	restoredLater:           "restored and still delayed",
	restoredDueNow:          "restored as due now",
	restoreInFlight:         "not restored: in flight",
	restoreNoHome:           "not restored: home gone",
	restoreNoRoom:           "not restored: home full",
	restoredOver:            "restored when its retention was over",
	cancelledRestored:       "cancelled after a restore",
	receivedUnderTransfer:   "received under transfer",
	thereAndBack:            "transferred and restored with nothing changed",
	thereAndBackFar:         "the same over three hops or more",
	acceptDuplicate:         "arrival whose key was accepted before",
	acceptAgain:             "arrival whose key was forgotten",
	acceptHistory:           "arrival that was received before",
	misfireOnceMissed:       "misfire once left occurrences out",
	misfireSkipMissed:       "misfire skip left all out",
	misfireSkipGrace:        "misfire skip published the latest",
	misfireAllMissed:        "misfire all published several",
	misfireAllCapped:        "misfire all left out those above the cap",
	scheduleReplaced:        "schedule replaced by its name",
	scheduleFound:           "schedule found by its name",
	scheduleTooMany:         "schedule refused: too many",
	scheduleInvalid:         "schedule refused: recurrence",
	schedulePast:            "one-shot in the past",
	scheduleCron:            "cron occurrence",
	endedByCount:            "schedule ended by its count",
	endedByUntil:            "schedule ended by its last instant",
	firedFull:               "occurrence refused: queue full",
	firedTooLarge:           "occurrence refused: too large",
	scheduleRefused:         "schedule failed with its last occurrence",
	scheduleGone:            "schedule failed with its queue",
	scheduleStopped:         "schedule cancelled after it had published",
	scheduleCancelledBefore: "schedule was cancelled before",
	scheduleEndedBefore:     "cancel of a schedule that has ended",
	fireNoRoom:              "fire left occurrences due",
	wallBack:                "wall clock went back",
	census:                  "all messages counted",
}
