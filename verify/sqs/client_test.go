package sqs

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"
)

// An sdk is a client of Amazon's. Whichever it is, inputs and outputs are
// pointers to those of aws-sdk-go-v2.
type sdk interface {
	// do calls an operation by its name. An error of the service is a *fault.
	do(ctx context.Context, operation string, in any) (out any, err error)
}

// A fault is an error that the service has told.
type fault struct {
	code, message string
	status        int
	err           error // as the client returned it
}

func (f *fault) Error() string { return fmt.Sprintf("%d %s: %s", f.status, f.code, f.message) }
func (f *fault) Unwrap() error { return f.err }

// A kind is one of the clients.
type kind struct {
	name, protocol string
	open           func(endpoint string, who identity) sdk
}

var kinds = []kind{
	{"aws-sdk-go-v2", "json", openV2},
	{"aws-sdk-go", "query", openV1},
}

// A client is one that a scenario uses. It counts what it does.
type client struct {
	*rig
	t    *testing.T
	kind kind
	sdk  sdk
}

func newClient(t *testing.T, r *rig, k kind, who identity) *client {
	return &client{rig: r, t: t, kind: k, sdk: k.open(r.url, who)}
}

// as returns a client of somebody else on the same server.
func (c *client) as(who identity) *client { return newClient(c.t, c.rig, c.kind, who) }

// operationOf returns the operation that an input is for.
func operationOf(in any) string {
	return strings.TrimSuffix(reflect.TypeOf(in).Elem().Name(), "Input")
}

// try calls the operation that the input is for.
func (c *client) try(in any) (out any, err error) {
	operation := operationOf(in)
	out, err = c.sdk.do(c.t.Context(), operation, in)
	counts.note(c.kind.name, operation, err)
	return out, err
}

// do is try for what must succeed. Out is the output's type.
func do[Out any](c *client, in any) *Out {
	c.t.Helper()
	out, err := c.try(in)
	if err != nil {
		c.t.Fatalf("%s: %v", operationOf(in), err)
	}
	return out.(*Out)
}

// fails calls the operation, which must be refused.
func (c *client) fails(in any, status int, code, message string) {
	c.t.Helper()
	_, err := c.try(in)
	f, ok := errors.AsType[*fault](err)
	if !ok {
		c.t.Errorf("%s: got error %v, want %d %s", operationOf(in), err, status, code)
		return
	}
	got := *f
	got.err = nil
	if want := (fault{code: code, message: message, status: status}); got != want {
		c.t.Errorf("%s:\n  got  %v\n  want %v", operationOf(in), &got, &want)
	}
}

// A tally counts calls by client and operation.
type tally struct {
	mu     sync.Mutex // guards both
	calls  map[string]map[string]int
	faults map[string]int
}

var counts tally

func (c *tally) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls, c.faults = map[string]map[string]int{}, map[string]int{}
}

func (c *tally) note(client, operation string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.calls[client] == nil {
		c.calls[client] = map[string]int{}
	}
	c.calls[client][operation]++
	if err != nil {
		c.faults[client]++
	}
}

// v2 is aws-sdk-go-v2.
type v2 struct{ client *sqs.Client }

func openV2(endpoint string, who identity) sdk {
	var secrets aws.CredentialsProvider = aws.AnonymousCredentials{}
	if who.key != "" {
		secrets = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: who.key, SecretAccessKey: who.secret}, nil
		})
	}
	return v2{sqs.New(sqs.Options{BaseEndpoint: &endpoint, Region: who.region, RetryMaxAttempts: 1, Credentials: secrets})}
}

func (c v2) do(ctx context.Context, operation string, in any) (out any, err error) {
	results := reflect.ValueOf(c.client).MethodByName(operation).Call([]reflect.Value{reflect.ValueOf(ctx), reflect.ValueOf(in)})
	if err, _ := results[1].Interface().(error); err != nil {
		return nil, faultOfV2(err)
	}
	return results[0].Interface(), nil
}

func faultOfV2(err error) error {
	told, isTold := errors.AsType[smithy.APIError](err)
	answered, isAnswered := errors.AsType[*awshttp.ResponseError](err)
	if !isTold || !isAnswered {
		return err
	}
	return &fault{told.ErrorCode(), told.ErrorMessage(), answered.HTTPStatusCode(), err}
}
