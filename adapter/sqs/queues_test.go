package sqs

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

const accountURL = "http://localhost:9324/000000000000/"

func TestCreateAndFindQueue(t *testing.T) {
	bothProtocols(t, Config{}, func(t *testing.T, c *client) {
		url := c.create("orders", map[string]string{"DelaySeconds": "5", "VisibilityTimeout": "60"})
		if url != accountURL+"orders" {
			t.Errorf("created %q, want %q", url, accountURL+"orders")
		}
		if again := c.create("orders", map[string]string{"DelaySeconds": "5"}); again != url {
			t.Errorf("created again as %q, want %q", again, url)
		}
		if again := c.create("orders", nil); again != url {
			t.Errorf("created without attributes as %q, want %q", again, url)
		}
		c.refuse("CreateQueue", createQueueInput{QueueName: "orders", Attributes: map[string]string{"DelaySeconds": "6"}},
			"QueueAlreadyExists", "A queue already exists with the same name and a different value for attribute DelaySeconds")
		var found getQueueURLOutput
		c.do("GetQueueUrl", getQueueURLInput{QueueName: "orders"}, &found)
		if found.QueueURL != url {
			t.Errorf("found %q, want %q", found.QueueURL, url)
		}
		c.do("DeleteQueue", queueInput{url}, new(nothing))
		err := c.try("GetQueueUrl", getQueueURLInput{QueueName: "orders"}, new(getQueueURLOutput))
		want := map[protocol]string{jsonProtocol: noQueueMessage, queryProtocol: noQueueQueryMessage}[c.protocol]
		if err == nil || err.Code != "AWS.SimpleQueueService.NonExistentQueue" || err.Message != want || err.Status != 400 {
			t.Errorf("after the delete: got %+v, want 400 %s", err, want)
		}
	})
}

func TestQueueNamesAreChecked(t *testing.T) {
	c := newRig(t, Config{}).client(t, jsonProtocol)
	const standard = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
	const fifo = "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length."
	yes := map[string]string{"FifoQueue": "true"}
	for _, row := range []struct {
		name       string
		attributes map[string]string
		want       string
	}{
		{"", nil, "Value for parameter QueueName is invalid. Reason: Must specify a queue name."},
		{"a b", nil, standard},
		{"a/b", nil, standard},
		{"../etc", nil, standard},
		{"eu-west-1/1/a", nil, standard},
		{"xfer:a", nil, standard},
		{"a\x00", nil, standard},
		{"аб", nil, standard},
		{strings.Repeat("a", 81), nil, standard},
		{"a.fifo", nil, standard},
		{"a", yes, fifo},
		{".fifo", yes, fifo},
		{"a.b.fifo", yes, fifo},
		{strings.Repeat("a", 76) + ".fifo", yes, fifo},
	} {
		c.refuse("CreateQueue", createQueueInput{QueueName: row.name, Attributes: row.attributes}, "InvalidParameterValue", row.want)
	}
	c.create(strings.Repeat("a", 80), nil)
	c.create(strings.Repeat("a", 75)+".fifo", yes)
	c.create("Q", nil)
	c.refuse("GetQueueUrl", getQueueURLInput{QueueName: "q"}, "AWS.SimpleQueueService.NonExistentQueue", noQueueMessage)
}

// A queue is found by its URL with any host, by the path of its URL, by its
// name, and by the path of the request; the parameter wins.
func TestAddressesOfQueues(t *testing.T) {
	bothProtocols(t, Config{}, func(t *testing.T, c *client) {
		c.create("orders", nil)
		c.create("other", nil)
		for _, row := range []struct{ url, path, want string }{
			{accountURL + "orders", "/", "orders"},
			{"https://queue.example.org/000000000000/orders", "/", "orders"},
			{"/000000000000/orders", "/", "orders"},
			{"orders", "/", "orders"},
			{"", "/000000000000/orders", "orders"},
			{accountURL + "orders", "/000000000000/other", "orders"},
		} {
			var out getQueueAttributesOutput
			r := c.request(row.path, "GetQueueAttributes", getQueueAttributesInput{QueueURL: row.url, Names: []string{"QueueArn"}})
			err := c.send(r, &out)
			if want := "arn:aws:sqs:us-east-1:000000000000:" + row.want; err != nil || out.Attributes["QueueArn"] != want {
				t.Errorf("URL %q, path %q: got %q, %v, want %q", row.url, row.path, out.Attributes["QueueArn"], err, want)
			}
		}
		c.refuse("GetQueueAttributes", getQueueAttributesInput{}, "MissingParameter", "The request must contain the parameter QueueUrl.")
	})
}

func TestQueueAttributes(t *testing.T) {
	bothProtocols(t, Config{}, func(t *testing.T, c *client) {
		url := c.create("orders", nil)
		c.clock.Add(10 * time.Second)
		dead := c.arn(c.create("dead", nil))
		want := map[string]string{
			"QueueArn":                              "arn:aws:sqs:us-east-1:000000000000:orders",
			"ApproximateNumberOfMessages":           "1",
			"ApproximateNumberOfMessagesDelayed":    "2",
			"ApproximateNumberOfMessagesNotVisible": "1",
			"CreatedTimestamp":                      "1893553445",
			"LastModifiedTimestamp":                 "1893553455",
			"DelaySeconds":                          "420",
			"MaximumMessageSize":                    "2048",
			"MessageRetentionPeriod":                "604800",
			"ReceiveMessageWaitTimeSeconds":         "10",
			"VisibilityTimeout":                     "69",
			"SqsManagedSseEnabled":                  "true",
			"RedrivePolicy":                         `{"deadLetterTargetArn":"` + dead + `","maxReceiveCount":3}`,
			"RedriveAllowPolicy":                    `{"redrivePermission":"denyAll"}`,
			"Policy":                                `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"SQS:*"}}`,
		}
		set := map[string]string{"RedrivePolicy": `{"deadLetterTargetArn": "` + dead + `", "maxReceiveCount": "3"}`}
		for _, name := range []string{"DelaySeconds", "MaximumMessageSize", "MessageRetentionPeriod", "ReceiveMessageWaitTimeSeconds", "VisibilityTimeout", "RedriveAllowPolicy", "Policy"} {
			set[name] = want[name]
		}
		c.sendBody(url, "one")
		c.sendBody(url, "two")
		c.do("ReceiveMessage", receiveMessageInput{QueueURL: url}, new(receiveMessageOutput))
		c.do("SetQueueAttributes", setQueueAttributesInput{url, set}, new(nothing))
		c.sendBody(url, "three")
		c.sendBody(url, "four")
		got := c.attributes(url, "All")
		if !maps.Equal(got, want) {
			t.Errorf("got  %v\nwant %v", got, want)
		}
		if got := c.attributes(url, "DelaySeconds", "KmsMasterKeyId"); !maps.Equal(got, map[string]string{"DelaySeconds": "420"}) {
			t.Errorf("two attributes: got %v, want the one that is set", got)
		}
		if got := c.attributes(url); len(got) != 0 {
			t.Errorf("no names: got %v, want none", got)
		}
		c.do("SetQueueAttributes", setQueueAttributesInput{url, map[string]string{"RedrivePolicy": "", "RedriveAllowPolicy": "", "Policy": ""}}, new(nothing))
		for _, name := range []string{"RedrivePolicy", "RedriveAllowPolicy", "Policy"} {
			if got, ok := c.attributes(url, name)[name]; ok {
				t.Errorf("%s was removed and is %q", name, got)
			}
		}
		c.refuse("GetQueueAttributes", getQueueAttributesInput{url, []string{"Size"}}, "InvalidAttributeName", "Unknown Attribute Size.")
	})
}

func TestFIFOAttributes(t *testing.T) {
	c := newRig(t, Config{}).client(t, jsonProtocol)
	url := c.create("a.fifo", map[string]string{"FifoQueue": "true"})
	names := []string{"FifoQueue", "ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit"}
	want := map[string]string{"FifoQueue": "true", "ContentBasedDeduplication": "false", "DeduplicationScope": "queue", "FifoThroughputLimit": "perQueue"}
	if got := c.attributes(url, names...); !maps.Equal(got, want) {
		t.Errorf("created: got %v, want %v", got, want)
	}
	change := map[string]string{"FifoQueue": "True", "ContentBasedDeduplication": "true", "DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId"}
	c.do("SetQueueAttributes", setQueueAttributesInput{url, change}, new(nothing))
	change["FifoQueue"] = "true"
	if got := c.attributes(url, names...); !maps.Equal(got, change) {
		t.Errorf("changed: got %v, want %v", got, change)
	}
	c.refuse("CreateQueue", createQueueInput{QueueName: "a.fifo", Attributes: map[string]string{"FifoQueue": "true", "ContentBasedDeduplication": "false"}},
		"QueueAlreadyExists", "A queue already exists with the same name and a different value for attribute ContentBasedDeduplication")
}

func TestAttributesAreChecked(t *testing.T) {
	c := newRig(t, Config{}).client(t, jsonProtocol)
	standard := c.create("a", nil)
	fifo := c.create("a.fifo", map[string]string{"FifoQueue": "true"})
	dead, deadFIFO := c.arn(c.create("dead", nil)), c.arn(c.create("dead.fifo", map[string]string{"FifoQueue": "true"}))
	value := func(name string) string { return "Invalid value for the parameter " + name + "." }
	const badValue, badName, badParameter = "InvalidAttributeValue", "InvalidAttributeName", "InvalidParameterValue"
	redrive := func(policy, reason string) [3]string {
		return [3]string{policy, badParameter, "Value " + policy + " for parameter RedrivePolicy is invalid. Reason: " + reason}
	}
	type rows map[string][][3]string // value, code, message
	check := func(url string, all rows) {
		for _, name := range slices.Sorted(maps.Keys(all)) {
			for _, row := range all[name] {
				c.refuse("SetQueueAttributes", setQueueAttributesInput{url, map[string]string{name: row[0]}}, row[1], row[2])
			}
		}
	}
	ranges := rows{}
	for name, bounds := range map[string][]string{
		"DelaySeconds":                  {"-1", "901", "", "x", "1.5", "+1", "1e2", "99999999999999999999"},
		"VisibilityTimeout":             {"-1", "43201"},
		"MessageRetentionPeriod":        {"59", "1209601"},
		"ReceiveMessageWaitTimeSeconds": {"-1", "21"},
		"MaximumMessageSize":            {"1023", "1048577"},
		"SqsManagedSseEnabled":          {"maybe"},
		"KmsDataKeyReusePeriodSeconds":  {"59", "86401"},
		"Policy":                        {"x", "[]"},
	} {
		for _, bad := range bounds {
			ranges[name] = append(ranges[name], [3]string{bad, badValue, value(name)})
		}
	}
	check(standard, ranges)
	const unsupported = "Invalid value for the parameter RedriveAllowPolicy. Reason: Amazon SQS can't create the redrive allow policy, as it's in an unsupported format."
	check(standard, rows{
		"Size":                      {{"1", badName, "Unknown Attribute Size."}},
		"QueueArn":                  {{"1", badName, "Unknown Attribute QueueArn."}},
		"FifoQueue":                 {{"true", badName, "Unknown Attribute FifoQueue."}},
		"ContentBasedDeduplication": {{"true", badName, "Unknown Attribute ContentBasedDeduplication."}},
		"DeduplicationScope":        {{"queue", badName, "You can specify the DeduplicationScope only when FifoQueue is set to true."}},
		"FifoThroughputLimit":       {{"perQueue", badName, "You can specify the FifoThroughputLimit only when FifoQueue is set to true."}},
		"RedriveAllowPolicy":        {{"x", badValue, unsupported}, {`{"permission":"denyAll"}`, badValue, unsupported}},
		"RedrivePolicy": {
			{"x", badParameter, "Invalid value for the parameter RedrivePolicy. Reason: Redrive policy is not a valid JSON map."},
			redrive(`{"deadLetterTargetArn": "`+dead+`"}`, "Redrive policy does not contain mandatory attribute: maxReceiveCount."),
			redrive(`{"maxReceiveCount": 1}`, "Redrive policy does not contain mandatory attribute: deadLetterTargetArn."),
			redrive(`{"deadLetterTargetArn": "dummy", "maxReceiveCount": 42}`, "Invalid value for deadLetterTargetArn."),
			redrive(`{"deadLetterTargetArn": "`+dead+`", "maxReceiveCount": 0}`, "Invalid value for maxReceiveCount: 0, valid values are from 1 to 1000 both inclusive."),
			redrive(`{"deadLetterTargetArn": "`+dead+`", "maxReceiveCount": 1001}`, "Invalid value for maxReceiveCount: 1001, valid values are from 1 to 1000 both inclusive."),
			redrive(`{"deadLetterTargetArn": "`+dead+`", "maxReceiveCount": 1.5}`, "Invalid value for maxReceiveCount: 1.5, valid values are from 1 to 1000 both inclusive."),
			redrive(`{"deadLetterTargetArn": "`+dead+`x", "maxReceiveCount": 1}`, "Dead letter target does not exist."),
			redrive(`{"deadLetterTargetArn": "`+deadFIFO+`", "maxReceiveCount": 1}`, "Dead-letter queue must be same type of queue as the source."),
			redrive(`{"deadLetterTargetArn": "arn:aws:sqs:us-east-1:111111111111:dead", "maxReceiveCount": 1}`, "Dead-letter target owner should be same as the source."),
			redrive(`{"deadLetterTargetArn": "arn:aws:sqs:eu-west-1:000000000000:dead", "maxReceiveCount": 1}`, "Dead-letter target owner should be same as the source."),
			redrive(`{"deadLetterTargetArn": "`+c.arn(standard)+`", "maxReceiveCount": 1}`, "The dead-letter queue does not allow this source queue, or leads back to it."),
		},
	})
	check(fifo, rows{
		"FifoQueue":           {{"false", badValue, "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported."}},
		"DeduplicationScope":  {{"all", badValue, value("DeduplicationScope")}},
		"FifoThroughputLimit": {{"x", badValue, value("FifoThroughputLimit")}, {"perMessageGroupId", badValue, "Invalid value for the parameter FifoThroughputLimit. Reason: The perMessageGroupId value is allowed only when the value for DeduplicationScope is messageGroup."}},
	})
	c.refuse("SetQueueAttributes", setQueueAttributesInput{QueueURL: standard}, "MissingParameter", "The request must contain the parameter Attributes.")
	c.refuse("CreateQueue", createQueueInput{QueueName: "b", Attributes: map[string]string{"DelaySeconds": "901"}}, badValue, value("DelaySeconds"))
	c.refuse("CreateQueue", createQueueInput{QueueName: "b", Attributes: map[string]string{"FifoQueue": "false"}}, badName, "Unknown Attribute FifoQueue.")
}

// A change of what the broker has a word for leaves the labels alone, which the
// program itself may be changing.
func TestLabelsAreLeftAlone(t *testing.T) {
	h := newRig(t, Config{}).handler.(*handler)
	for _, row := range []struct {
		name, value string
		want        bool // labels are set
	}{{"DelaySeconds", "5", false}, {"KmsMasterKeyId", "key", true}} {
		c := h.newChange(queueName{"us-east-1", "0", "a"}, h.profile.Standard)
		if err := c.set(map[string]string{row.name: row.value}); err != nil {
			t.Fatal(err)
		}
		if got := c.done().Labels != nil; got != row.want {
			t.Errorf("%s: labels set: got %v, want %v", row.name, got, row.want)
		}
	}
}

// Two of the attributes about encryption exclude each other, in one request and
// one after the other.
func TestEncryptionAttributes(t *testing.T) {
	c := newRig(t, Config{}).client(t, jsonProtocol)
	url := c.create("a", map[string]string{"KmsMasterKeyId": "key"})
	names := []string{"KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "SqsManagedSseEnabled"}
	for _, row := range []struct{ set, want map[string]string }{
		{map[string]string{}, map[string]string{"KmsMasterKeyId": "key", "KmsDataKeyReusePeriodSeconds": "300", "SqsManagedSseEnabled": "false"}},
		{map[string]string{"KmsDataKeyReusePeriodSeconds": "6000"}, map[string]string{"KmsMasterKeyId": "key", "KmsDataKeyReusePeriodSeconds": "6000", "SqsManagedSseEnabled": "false"}},
		{map[string]string{"SqsManagedSseEnabled": "true"}, map[string]string{"SqsManagedSseEnabled": "true"}},
	} {
		c.do("SetQueueAttributes", setQueueAttributesInput{url, row.set}, new(nothing))
		if got := c.attributes(url, names...); !maps.Equal(got, row.want) {
			t.Errorf("set %v: got %v, want %v", row.set, got, row.want)
		}
	}
	c.refuse("SetQueueAttributes", setQueueAttributesInput{url, map[string]string{"KmsMasterKeyId": "key", "SqsManagedSseEnabled": "true"}},
		"InvalidAttributeName", "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE.")
}

func TestRedriveAllowPolicy(t *testing.T) {
	c := newRig(t, Config{}).client(t, jsonProtocol)
	dead, source := c.create("dead", nil), c.create("source", nil)
	redrive := `{"deadLetterTargetArn":"` + c.arn(dead) + `","maxReceiveCount":1}`
	allow := func(policy string) *apiError {
		return c.try("SetQueueAttributes", setQueueAttributesInput{dead, map[string]string{"RedriveAllowPolicy": policy}}, new(nothing))
	}
	refused := "Value " + redrive + " for parameter RedrivePolicy is invalid. Reason: The dead-letter queue does not allow this source queue, or leads back to it."
	for _, row := range []struct{ policy, want string }{
		{`{"redrivePermission":"denyAll"}`, refused},
		{`{"redrivePermission":"byQueue","sourceQueueArns":["` + c.arn(dead) + `"]}`, refused},
		{`{"redrivePermission":"byQueue","sourceQueueArns":["` + c.arn(source) + `"]}`, ""},
		{`{"redrivePermission":"allowAll"}`, ""},
	} {
		c.do("SetQueueAttributes", setQueueAttributesInput{source, map[string]string{"RedrivePolicy": ""}}, new(nothing))
		if err := allow(row.policy); err != nil {
			t.Fatalf("%s: %v", row.policy, err)
		}
		if got := c.attributes(dead, "RedriveAllowPolicy")["RedriveAllowPolicy"]; got != row.policy {
			t.Errorf("got policy %s, want %s", got, row.policy)
		}
		err := c.try("SetQueueAttributes", setQueueAttributesInput{source, map[string]string{"RedrivePolicy": redrive}}, new(nothing))
		if got := err != nil; got != (row.want != "") || got && err.Message != row.want {
			t.Errorf("%s: got %v, want %q", row.policy, err, row.want)
		}
	}
	if err := allow(""); err != nil {
		t.Fatal(err)
	}
	if got := c.attributes(dead, "RedriveAllowPolicy"); len(got) != 0 {
		t.Errorf("a policy that was removed: got %v, want none", got)
	}
	many := `{"redrivePermission":"byQueue","sourceQueueArns":["` + strings.Repeat(c.arn(source)+`","`, 10) + c.arn(source) + `"]}`
	for _, row := range []struct{ policy, want string }{
		{`{"redrivePermission":"byQueue"}`, "When you specify the byQueue permission type, you must also specify one or more sourceQueueArns values."},
		{`{"redrivePermission":"denyAll","sourceQueueArns":["` + c.arn(source) + `"]}`, "To specify one or more source queue ARNs, you must set redrivePermission to byQueue."},
		{many, "The maximum number of source queue ARNs you can specify is 10."},
		{`{"redrivePermission":"x"}`, "The redrivePermission must be allowAll, byQueue or denyAll."},
		{`{"redrivePermission":"byQueue","sourceQueueArns":["x"]}`, "A source queue ARN is not one of a queue of this account and region."},
	} {
		want := "Value " + row.policy + " for parameter RedriveAllowPolicy is invalid. Reason: Amazon SQS can't create the redrive allow policy. " + row.want
		if err := allow(row.policy); err == nil || err.Message != want {
			t.Errorf("%s:\ngot  %v\nwant %s", row.policy, err, want)
		}
	}
}

func TestListQueues(t *testing.T) {
	bothProtocols(t, Config{}, func(t *testing.T, c *client) {
		var want []string
		for i := range 5 {
			want = append(want, c.create(fmt.Sprint("a", i), nil))
		}
		c.create("b", nil)
		c.create("dead", nil)
		list := func(in listQueuesInput) (out listQueuesOutput) {
			c.do("ListQueues", in, &out)
			return out
		}
		if got := list(listQueuesInput{Prefix: "a"}); !slices.Equal(got.QueueURLs, want) || got.NextToken != "" {
			t.Errorf("with the prefix: got %v, want %v", got, want)
		}
		if got := list(listQueuesInput{}); len(got.QueueURLs) != 7 {
			t.Errorf("all: got %v, want 7", got)
		}
		if got := list(listQueuesInput{Prefix: "c"}); len(got.QueueURLs) != 0 {
			t.Errorf("none: got %v", got)
		}
		var got []string
		var pages []int
		in := listQueuesInput{Prefix: "a", MaxResults: new(2)}
		for {
			page := list(in)
			got, pages = append(got, page.QueueURLs...), append(pages, len(page.QueueURLs))
			if in.NextToken = page.NextToken; in.NextToken == "" {
				break
			}
		}
		if !slices.Equal(got, want) || !slices.Equal(pages, []int{2, 2, 1}) {
			t.Errorf("by pages: got %v in %v, want %v in 2, 2, 1", got, pages, want)
		}
		token := list(listQueuesInput{Prefix: "a", MaxResults: new(2)}).NextToken
		c.refuse("ListQueues", listQueuesInput{Prefix: "b", MaxResults: new(2), NextToken: token},
			"InvalidParameterValue", "Invalid NextToken value. If you are passing in NextToken, you must not change the other request parameters.")
		c.refuse("ListQueues", listQueuesInput{Prefix: "a", MaxResults: new(2), NextToken: token[1:]}, "InvalidParameterValue", "Invalid or expired next token.")
		c.refuse("ListQueues", listQueuesInput{Prefix: "a", NextToken: token}, "InvalidParameterValue", "MaxResults is a mandatory parameter when you provide a value for NextToken.")
		for _, max := range []int{0, 1001} {
			c.refuse("ListQueues", listQueuesInput{MaxResults: &max}, "InvalidParameterValue", "Value for parameter MaxResults is invalid. Reason: MaxResults must be an integer between 1 and 1000.")
		}
	})
}

func TestListDeadLetterSourceQueues(t *testing.T) {
	bothProtocols(t, Config{}, func(t *testing.T, c *client) {
		dead := c.create("dead", nil)
		policy := map[string]string{"RedrivePolicy": `{"deadLetterTargetArn":"` + c.arn(dead) + `","maxReceiveCount":2}`}
		want := []string{c.create("a", policy), c.create("b", policy), c.create("c", policy)}
		c.create("d", nil)
		var got []string
		in := listDeadLetterSourceQueuesInput{QueueURL: dead, MaxResults: new(2)}
		for range 2 {
			var out listDeadLetterSourceQueuesOutput
			c.do("ListDeadLetterSourceQueues", in, &out)
			got, in.NextToken = append(got, out.QueueURLs...), out.NextToken
		}
		if !slices.Equal(got, want) || in.NextToken != "" {
			t.Errorf("got %v, then token %q, want %v", got, in.NextToken, want)
		}
		var none listDeadLetterSourceQueuesOutput
		c.do("ListDeadLetterSourceQueues", listDeadLetterSourceQueuesInput{QueueURL: want[0]}, &none)
		if len(none.QueueURLs) != 0 {
			t.Errorf("of a queue that is no dead-letter queue: got %v", none.QueueURLs)
		}
	})
}

// What SQS forbids for a minute is allowed after it, on the broker's clock, and
// at once where the configuration says so.
func TestSixtySeconds(t *testing.T) {
	bothProtocols(t, Config{}, func(t *testing.T, c *client) {
		url := c.create("a", nil)
		c.sendBody(url, "one")
		c.do("PurgeQueue", queueInput{url}, new(nothing))
		if got := c.waiting(url); got != 0 {
			t.Errorf("%d messages after the purge, want 0", got)
		}
		c.clock.Add(time.Minute - 1)
		c.refuse("PurgeQueue", queueInput{url}, "AWS.SimpleQueueService.PurgeQueueInProgress", "Only one PurgeQueue operation on a is allowed every 60 seconds.")
		c.clock.Add(1)
		c.do("PurgeQueue", queueInput{url}, new(nothing))
		c.do("DeleteQueue", queueInput{url}, new(nothing))
		c.clock.Add(time.Minute - 1)
		c.refuse("CreateQueue", createQueueInput{QueueName: "a"}, "AWS.SimpleQueueService.QueueDeletedRecently", "You must wait 60 seconds after deleting a queue before you can create another with the same name.")
		c.clock.Add(1)
		c.create("a", nil)
		c.do("PurgeQueue", queueInput{url}, new(nothing)) // of another queue than before
	})
	t.Run("relaxed", func(t *testing.T) {
		c := newRig(t, Config{Relaxed: true}).client(t, jsonProtocol)
		for range 2 {
			url := c.create("a", nil)
			c.do("PurgeQueue", queueInput{url}, new(nothing))
			c.do("PurgeQueue", queueInput{url}, new(nothing))
			c.do("DeleteQueue", queueInput{url}, new(nothing))
		}
	})
}
