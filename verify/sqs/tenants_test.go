package sqs

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// Regions and accounts have queues of their own, whatever their names.
func tenants(t *testing.T, c *client) {
	abroad := alice
	abroad.region = "eu-central-1"
	owners := []*client{c, c.as(abroad), c.as(bob)}
	var urls []string
	for i, owner := range owners {
		url := owner.create("orders")
		owner.send(url, fmt.Sprint("of ", i))
		urls = append(urls, url)
	}
	check(t, "URL of another account", urls[2], c.url+"/222222222222/orders")
	check(t, "ARN of another region", owners[1].arn(urls[1]), "arn:aws:sqs:eu-central-1:111111111111:orders")
	for i, owner := range owners {
		check(t, fmt.Sprint("queues of ", i), len(do[sqs.ListQueuesOutput](owner, &sqs.ListQueuesInput{}).QueueUrls), 1)
		check(t, fmt.Sprint("messages of ", i), bodies(owner.receive(urls[i], 10)), fmt.Sprint("of ", i))
	}
	for _, name := range []string{"orders", "nothing"} { // there or not, it is the same
		url := c.url + "/111111111111/" + name
		denied := "Access to the resource " + url + " is denied."
		for _, in := range []any{
			&sqs.ReceiveMessageInput{QueueUrl: &url},
			&sqs.PurgeQueueInput{QueueUrl: &url},
			&sqs.DeleteQueueInput{QueueUrl: &url},
			&sqs.GetQueueUrlInput{QueueName: &name, QueueOwnerAWSAccountId: new("111111111111")},
		} {
			owners[2].fails(in, 403, "AccessDenied", denied)
		}
	}
	foreign := owners[1].receive(urls[1], 1)
	do[sqs.DeleteQueueOutput](owners[1], &sqs.DeleteQueueInput{QueueUrl: &urls[1]})
	check(t, "received of a queue whose messages are in flight", len(foreign), 0)
	check(t, "queues after the delete in another region", len(do[sqs.ListQueuesOutput](c, &sqs.ListQueuesInput{}).QueueUrls), 1)
}

// Nobody passes without the right secret.
func signatures(t *testing.T, c *client) {
	in := &sqs.ListQueuesInput{}
	do[sqs.ListQueuesOutput](c, in)
	wrong, unknown := alice, alice
	wrong.secret, unknown.key = "a guess", "MALLORY"
	mismatch := "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
	c.as(wrong).fails(in, 403, "SignatureDoesNotMatch", mismatch)
	c.as(unknown).fails(in, 403, "InvalidClientTokenId", "The security token included in the request is invalid.")
	c.as(identity{region: home}).fails(in, 403, "MissingAuthenticationToken", "Request is missing Authentication Token")
	c.advance(t, 16*time.Minute) // what is signed now is stale
	c.failsWith(in, 403, "SignatureDoesNotMatch")
}
