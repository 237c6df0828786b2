package drivertest

import (
	"reflect"
	"time"

	"github.com/redriveq/redrive/queue/driver"
)

// attributeScenarios are about the settings of a queue.
var attributeScenarios = []scenario{
	{
		// Trap R16.
		name: "setting one attribute never resets another",
		says: "A nil field leaves the attribute as it is.",
		play: func(p *play) {
			p.check(0, create("target", driver.Patch{}), "created")
			for i, first := range settings() {
				for j, second := range settings() {
					if i != j {
						setPair(p, first, second)
					}
				}
			}
		},
	},
	{
		// Trap F17.
		name: "every attribute comes back as it was set",
		says: "SetAttributes changes the attributes that the patch names, all or none.",
		play: func(p *play) {
			p.check(0, create("target", driver.Patch{}), "created")
			want := base()
			p.check(0, create("q", driver.Patch{}), "created")
			for _, patch := range settings() {
				p.check(0, set("q", patch), "ok")
				want = patch.Apply(want)
				sameAttributes(p, "q", want)
			}
			for _, patch := range settings() {
				p.check(0, set("q", cleared(patch)), "ok")
				want = cleared(patch).Apply(want)
				sameAttributes(p, "q", want)
			}
		},
	},
	{
		name: "creation applies the patch to the base",
		says: "CreateQueue creates a queue with the patch applied to base.",
		play: func(p *play) {
			p.check(0, create("target", driver.Patch{}), "created")
			from := driver.Attributes{Delay: sec, VisibilityTimeout: 7 * sec, MaxMessageBytes: 100, MaxMessages: 9, ReceiptPolicy: driver.Any}
			for _, patch := range append(settings(), driver.Patch{FIFO: new(true)}, driver.Patch{}) {
				p.check(0, createFrom("q", from, patch), "created")
				sameAttributes(p, "q", patch.Apply(from))
				p.check(0, drop("q"), "ok")
			}
		},
	},
	{
		name: "refused settings change nothing",
		says: "It returns ErrInvalid if the patch would change FIFO or the result does not pass Attributes.Check.",
		play: func(p *play) {
			p.check(0, create("q", driver.Patch{VisibilityTimeout: new(10 * sec), MaxVisibility: new(20 * sec)}), "created")
			want := driver.Patch{VisibilityTimeout: new(10 * sec), MaxVisibility: new(20 * sec)}.Apply(base())
			for _, patch := range []driver.Patch{
				{Delay: new(sec), FIFO: new(true)},
				{Delay: new(sec), VisibilityTimeout: new(20*sec + ns)},
				{Delay: new(sec), MaxVisibility: new(10*sec - ns)},
				{Delay: new(sec), DeadLetter: &driver.DeadLetter{Queue: "q2"}},
				{Delay: new(sec), DeadLetter: &driver.DeadLetter{MaxReceives: 1}},
				{Delay: new(sec), DeadLetterSources: &driver.DeadLetterSources{Mode: driver.AllowListed}},
				{Delay: new(sec), DeadLetterSources: &driver.DeadLetterSources{Queues: []string{"x"}}},
			} {
				p.check(1*sec, set("q", patch), "ErrInvalid")
				sameAttributes(p, "q", want)
			}
			p.check(1*sec, describe("q"), "q created 0s modified 0s")
			p.check(1*sec, createFrom("r", base(), driver.Patch{MaxVisibility: new(sec)}), "ErrInvalid")
			p.check(1*sec, lookup("r"), "ErrNoQueue")
		},
	},
	{
		name: "settings at the edge are accepted",
		says: "It returns ErrInvalid if the patch would change FIFO or the result does not pass Attributes.Check.",
		steps: timeline{
			{0, create("q", driver.Patch{VisibilityTimeout: new(10 * sec)}), "created"},
			{1 * sec, set("q", driver.Patch{FIFO: new(false), MaxVisibility: new(10 * sec)}), "ok"},
			{2 * sec, set("q", driver.Patch{MaxVisibility: new(time.Duration(0))}), "ok"},
			{2 * sec, set("q", driver.Patch{VisibilityTimeout: new(hour)}), "ok"},
			{2 * sec, describe("q"), "q created 0s modified 2s"},
		},
	},
	{
		name: "the queue's settings count from the change on",
		says: "Delay applies to messages sent without a delay of their own, from the change on.",
		steps: timeline{
			{0, create("q", driver.Patch{Delay: new(10 * sec)}), "created"},
			{0, texts("q", "a"), "a"},
			{0, set("q", driver.Patch{Delay: new(1 * sec), VisibilityTimeout: new(5 * sec)}), "ok"},
			{0, texts("q", "b"), "b"},
			{0, list("q"), "a:delayed:10s b:delayed:1s"},
			{1 * sec, receive("q", 10), "b#1"},
			{1 * sec, set("q", driver.Patch{VisibilityTimeout: new(50 * sec)}), "ok"},
			{1 * sec, list("q"), "a:delayed:10s b:in-flight:6s"},
			{10 * sec, receive("q", 10), "b#2 a#1"},
			{10 * sec, list("q"), "a:in-flight:1m0s b:in-flight:1m0s"},
		},
	},
	{
		name: "a receive tells how long the queue's receives wait",
		says: "DefaultWait is the queue's ReceiveWait.",
		play: func(p *play) {
			p.check(0, create("q", driver.Patch{ReceiveWait: new(20 * sec)}), "created")
			p.check(0, receive("q", 1), "-")
			if got := p.received.DefaultWait; got != 20*sec {
				p.fail("got a default wait of %v, want 20s", got)
			}
			p.check(0, set("q", driver.Patch{ReceiveWait: new(time.Duration(0))}), "ok")
			p.check(0, texts("q", "a"), "a")
			p.check(0, receive("q", 1), "a#1")
			if got := p.received.DefaultWait; got != 0 {
				p.fail("got a default wait of %v, want none", got)
			}
		},
	},
	{
		// Trap D10.
		name: "attributes are not shared with the caller",
		says: "None keeps a slice or a map that it was given, none hands out memory that it keeps.",
		play: func(p *play) {
			names := []string{"a", "b"}
			listed := driver.DeadLetterSources{Mode: driver.AllowListed, Queues: names}
			from := base()
			from.DeadLetterSources = driver.DeadLetterSources{Mode: driver.AllowListed, Queues: names}
			p.check(0, create("patched", driver.Patch{DeadLetterSources: &listed}), "created")
			p.check(0, createFrom("based", from, driver.Patch{}), "created")
			p.check(0, create("changed", driver.Patch{}), "created")
			p.check(0, set("changed", driver.Patch{DeadLetterSources: &listed}), "ok")
			want := base()
			want.DeadLetterSources = driver.DeadLetterSources{Mode: driver.AllowListed, Queues: []string{"a", "b"}}
			names[0], listed.Mode = "overwritten", driver.AllowNone
			for _, q := range []string{"patched", "based", "changed"} {
				sameAttributes(p, q, want) // overwrites what it was given
				sameAttributes(p, q, want)
			}
		},
	},
}

// settings are patches that each change one attribute of a standard queue, one
// for every attribute but FIFO, to a value that goes with all the others.
func settings() []driver.Patch {
	return []driver.Patch{
		{Delay: new(3 * sec)},
		{VisibilityTimeout: new(11 * sec)},
		{MaxVisibility: new(hour)},
		{Retention: new(4 * day)},
		{RetainFromSend: new(true)},
		{ReceiveWait: new(20 * sec)},
		{MaxMessageBytes: new(1234)},
		{MaxMessages: new(77)},
		{MaxBytes: new(int64(1 << 40))},
		{MaxInFlight: new(5)},
		{ReceiptPolicy: new(driver.Strict)},
		{RefuseLateChange: new(true)},
		{DeadLetter: &driver.DeadLetter{Queue: "target", MaxReceives: 4}},
		{DeadLetterSources: &driver.DeadLetterSources{Mode: driver.AllowListed, Queues: []string{"s", "t"}}},
		{DeduplicationWindow: new(5 * time.Minute)},
		{DeduplicationScope: new(driver.ScopeGroup)},
		{ContentDeduplication: new(true)},
	}
}

// cleared returns the patch with each field that it names set to zero.
func cleared(patch driver.Patch) driver.Patch {
	fields := reflect.ValueOf(&patch).Elem()
	for i := range fields.NumField() {
		if field := fields.Field(i); !field.IsNil() {
			field.Set(reflect.New(field.Type().Elem()))
		}
	}
	return patch
}

// setPair sets one attribute, then another, then clears the first.
func setPair(p *play, first, second driver.Patch) {
	p.check(0, create("q", driver.Patch{}), "created")
	want := base()
	for _, patch := range []driver.Patch{first, second, cleared(first)} {
		p.check(0, set("q", patch), "ok")
		want = patch.Apply(want)
		sameAttributes(p, "q", want)
	}
	p.check(0, drop("q"), "ok")
}

// sameAttributes checks what every call tells of a queue's attributes, and
// overwrites what it was given.
func sameAttributes(p *play, q string, want driver.Attributes) {
	ctx, id := p.t.Context(), p.queue(q)
	check := func(call string, info driver.QueueInfo, err error) {
		p.must(err)
		if !info.Attributes.Equal(want) || info.ID != id || info.Name != q {
			p.fail("%s:\n got %d %s %+v\nwant %d %s %+v", call, info.ID, info.Name, info.Attributes, id, q, want)
		}
		for i := range info.Attributes.DeadLetterSources.Queues {
			info.Attributes.DeadLetterSources.Queues[i] = "overwritten"
		}
	}
	info, err := p.engine.Queue(ctx, id)
	check("Queue", info, err)
	info, err = p.engine.LookupQueue(ctx, q)
	check("LookupQueue", info, err)
	info, _, err = p.engine.CreateQueue(ctx, p.now, q, base(), driver.Patch{})
	check("CreateQueue", info, err)
	infos, err := p.engine.ListQueues(ctx, q, "", 1)
	if len(infos) != 1 {
		p.fail("ListQueues: got %d queues, error %v, want one", len(infos), err)
	}
	check("ListQueues", infos[0], err)
}
