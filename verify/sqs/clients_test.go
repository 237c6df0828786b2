package sqs

import (
	"maps"
	"slices"
	"testing"

	"github.com/redriveq/redrive/adapter/sqs"
)

// A scenario is what a client does on a server of its own, as Alice.
type scenario struct {
	name string
	run  func(t *testing.T, c *client)
}

var scenarios = []scenario{
	{"queues", queues},
	{"pages", pages},
	{"permissions", permissions},
	{"messages", messages},
	{"time", timeouts},
	{"batches", batches},
	{"long polls", longPolls},
	{"order", order},
	{"deduplication", deduplication},
	{"late receipts", lateReceipts},
	{"dead letters", deadLetters},
	{"cancelled move", cancelledMove},
	{"failed move", failedMove},
	{"purge", purge},
	{"errors", faults},
	{"credentials", signatures},
	{"tenants", tenants},
	{"digests", digests},
}

// Every scenario runs with every client, and every client calls every operation.
func TestClients(t *testing.T) {
	counts.reset()
	for _, k := range kinds {
		ran := 0
		for _, s := range scenarios {
			t.Run(k.name+"/"+s.name, func(t *testing.T) {
				r := newRig(t, sqs.Profile())
				c := newClient(t, r, k, alice)
				s.run(t, c)
				ran++
				if other := map[string]int64{"json": r.query.Load(), "query": r.json.Load()}[k.protocol]; other != 0 {
					t.Errorf("%d requests were not in the protocol %s", other, k.protocol)
				}
			})
		}
		if ran < len(scenarios) {
			continue // a filter has left some out
		}
		called := counts.calls[k.name]
		if got, want := slices.Sorted(maps.Keys(called)), slices.Sorted(maps.Keys(outputs)); !slices.Equal(got, want) {
			t.Errorf("%s has called\n  %q\nwant\n  %q", k.name, got, want)
		}
		total := 0
		for _, n := range called {
			total += n
		}
		t.Logf("%s, protocol %s: %d operations of %d, %d calls of which %d were refused, %d scenarios",
			k.name, k.protocol, len(called), len(outputs), total, counts.faults[k.name], ran)
	}
	check(t, "operations of the SDK", len(outputs), 23)
}
