package sqs

import "github.com/redriveq/redrive/queue"

// maxMessageAttributes is how many attributes a message can have on the wire.
const maxMessageAttributes = 10

// Profile returns the limits of Amazon SQS, with room for what a handler keeps
// in the broker besides: the region and the account in the names of queues, and
// the trace header among the attributes of messages. Open the broker with it.
func Profile() *queue.Profile { return withRoom(queue.SQS()) }

// YandexProfile is [Profile] with the limits and rules of Yandex Message Queue.
func YandexProfile() *queue.Profile { return withRoom(queue.YMQ()) }

func withRoom(p *queue.Profile) *queue.Profile {
	p.AnyName, p.MaxName = true, 2*maxPart+len("//")+maxName
	p.MaxAttributes = maxMessageAttributes + 1
	return p
}
