// Package sqs lets clients of Amazon SQS, and of Yandex Message Queue, use a
// broker: its handler speaks the wire protocol of those services, so that their
// SDKs work unchanged.
//
//	SDK ──► JSON 1.0, or Query and XML ──► handler ──► package queue
//	                                          └──────► package movetask
//
// All 23 operations of the API are there, in both of its protocols, and both act
// alike. The broker decides what happens; the handler says it in the words of
// the service. Queues can be used in process at the same time: a queue of the
// configured region and account has its own name in the broker, and those of
// other tenants have names such as "eu-west-1/111111111111/orders".
//
// Open the broker with [Profile] or [YandexProfile]. What the broker has no word for, such as tags, access policies
// and settings of encryption, is kept in the labels of its queues: it is
// answered, and has no effect.
//
// # Tenants
//
// A request is of the region that its signature names, and of the account that
// its access key belongs to. Without authentication, the account is the one in
// the queue's URL. With it, a queue of another account is denied, whether or not
// it exists; access policies do not open it.
//
// # Differences from Amazon SQS
//
//   - Counts are exact, and a message that was deleted is not seen again.
//   - A superseded receipt changes nothing. The service lets it end the
//     visibility timeout of a later receive of a standard queue.
//   - A new delay of a FIFO queue applies to the messages that are sent from then
//     on. At the service it applies to those that wait, too.
//   - An attempt ID of a receive is checked and not used: the attempt that repeats
//     it is a receive of its own.
//   - The sender's ID is the account of the queue.
//   - The trace header counts towards the size of its message.
//   - The count that the cancel of a move task answers is final.
package sqs
