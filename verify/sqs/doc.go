// Package sqs runs Amazon's own clients against the handler of package
// github.com/redriveq/redrive/adapter/sqs: aws-sdk-go-v2, which speaks the JSON
// protocol, and aws-sdk-go, which speaks the Query protocol. It has only tests,
// which run every scenario with both.
//
// The directory clients holds the same for JavaScript, Python and the command
// line.
package sqs
