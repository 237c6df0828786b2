package sqs

import (
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
)

func TestTags(t *testing.T) {
	bothProtocols(t, Config{}, func(t *testing.T, c *client) {
		var created createQueueOutput
		c.do("CreateQueue", createQueueInput{QueueName: "a", Tags: map[string]string{"tag1": "value1", "tag3": ""}}, &created)
		url := created.QueueURL
		steps := []struct {
			do   func()
			want map[string]string
		}{
			{func() {}, map[string]string{"tag1": "value1", "tag3": ""}},
			{func() {
				c.do("TagQueue", tagQueueInput{url, map[string]string{"tag1": "other", "tag2": "value2"}}, new(nothing))
			}, map[string]string{"tag1": "other", "tag2": "value2", "tag3": ""}},
			{func() {
				c.do("SetQueueAttributes", setQueueAttributesInput{url, map[string]string{"KmsMasterKeyId": "key"}}, new(nothing))
			}, map[string]string{"tag1": "other", "tag2": "value2", "tag3": ""}},
			{func() { c.do("UntagQueue", untagQueueInput{url, []string{"tag1", "tag3", "tag9"}}, new(nothing)) }, map[string]string{"tag2": "value2"}},
			{func() { c.do("UntagQueue", untagQueueInput{url, []string{"tag2"}}, new(nothing)) }, nil},
		}
		for i, step := range steps {
			step.do()
			if got := c.tags(url); !maps.Equal(got, step.want) {
				t.Errorf("step %d: got %v, want %v", i, got, step.want)
			}
		}
		if got := c.attributes(url, "KmsMasterKeyId")["KmsMasterKeyId"]; got != "key" {
			t.Errorf("an attribute beside the tags: got %q, want key", got)
		}
	})
}

func TestTagsAreChecked(t *testing.T) {
	c := newRig(t, Config{}).client(t, jsonProtocol)
	url := c.create("a", nil)
	many := make(map[string]string)
	for i := range 51 {
		many[fmt.Sprint("tag", i)] = "x"
	}
	const lengths = "Tag keys must be between 1 and 128 characters in length, and tag values at most 256."
	for _, row := range []struct {
		tags          map[string]string
		code, message string
	}{
		{map[string]string{}, "MissingParameter", "The request must contain the parameter Tags."},
		{many, "InvalidParameterValue", "Too many tags added for queue a."},
		{map[string]string{"": "x"}, "InvalidParameterValue", lengths},
		{map[string]string{strings.Repeat("k", 129): "x"}, "InvalidParameterValue", lengths},
		{map[string]string{"k": strings.Repeat("v", 257)}, "InvalidParameterValue", lengths},
	} {
		c.refuse("TagQueue", tagQueueInput{url, row.tags}, row.code, row.message)
	}
	c.refuse("UntagQueue", untagQueueInput{QueueURL: url}, "MissingParameter", "The request must contain the parameter TagKeys.")
	delete(many, "tag0")
	c.do("TagQueue", tagQueueInput{url, many}, new(nothing))
	if got := c.tags(url); len(got) != 50 {
		t.Errorf("%d tags, want 50", len(got))
	}
}

// Requests at once do not lose each other's tags.
func TestTagsAtOnce(t *testing.T) {
	c := newRig(t, Config{}).client(t, jsonProtocol)
	url := c.create("a", nil)
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			if err := c.try("TagQueue", tagQueueInput{url, map[string]string{fmt.Sprint(i): "x"}}, new(nothing)); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if got := c.tags(url); len(got) != 20 {
		t.Errorf("%d tags, want 20: %v", len(got), got)
	}
}

func TestPermissions(t *testing.T) {
	bothProtocols(t, Config{}, func(t *testing.T, c *client) {
		url := c.create("a", nil)
		arn := c.arn(url)
		add := func(label string, actions []string, accounts ...string) *apiError {
			return c.try("AddPermission", addPermissionInput{url, label, accounts, actions}, new(nothing))
		}
		head := `{"Version":"2008-10-17","Id":"` + arn + `/SQSDefaultPolicy","Statement":[`
		statement := func(label, principals, actions string) string {
			return `{"Sid":"` + label + `","Effect":"Allow","Principal":{"AWS":` + principals + `},"Action":` + actions + `,"Resource":"` + arn + `"}`
		}
		one := statement("one", `"arn:aws:iam::111111111111:root"`, `"SQS:ReceiveMessage"`)
		two := statement("two", `["arn:aws:iam::111111111111:root","arn:aws:iam::222222222222:root"]`, `["SQS:SendMessage","SQS:*"]`)
		for i, step := range []struct {
			do   func() *apiError
			err  string
			want string
		}{
			{func() *apiError { return add("one", []string{"ReceiveMessage"}, "111111111111") }, "", head + one + "]}"},
			{func() *apiError { return add("one", []string{"*"}, "2") }, "Value one for parameter Label is invalid. Reason: Already exists.", head + one + "]}"},
			{func() *apiError { return add("two", []string{"SendMessage", "*"}, "111111111111", "222222222222") }, "", head + one + "," + two + "]}"},
			{func() *apiError { return add("three", []string{"Fly"}, "1") }, "Value SQS:Fly for parameter ActionName is invalid. Reason: Please refer to the appropriate WSDL for a list of valid actions.", head + one + "," + two + "]}"},
			{func() *apiError { return c.try("RemovePermission", removePermissionInput{url, "one"}, new(nothing)) }, "", head + two + "]}"},
			{func() *apiError { return c.try("RemovePermission", removePermissionInput{url, "two"}, new(nothing)) }, "", ""},
			{func() *apiError { return c.try("RemovePermission", removePermissionInput{url, "two"}, new(nothing)) }, "Value two for parameter Label is invalid. Reason: can't find label.", ""},
		} {
			err := step.do()
			if got := err != nil; got != (step.err != "") || got && err.Message != step.err {
				t.Errorf("step %d: got %v, want %q", i, err, step.err)
			}
			if got := c.attributes(url, "Policy")["Policy"]; got != step.want {
				t.Errorf("step %d:\ngot  %s\nwant %s", i, got, step.want)
			}
		}
		c.do("SetQueueAttributes", setQueueAttributesInput{url, map[string]string{"Policy": `{"Version":"2012-10-17","Statement":{"Sid":"mine"}}`}}, new(nothing))
		if err := add("one", []string{"ReceiveMessage"}, "111111111111"); err != nil {
			t.Fatal(err)
		}
		if got, want := c.attributes(url, "Policy")["Policy"], `{"Version":"2012-10-17","Statement":[{"Sid":"mine"},`+one+`]}`; got != want {
			t.Errorf("beside a policy:\ngot  %s\nwant %s", got, want)
		}
	})
}

func TestPermissionsAreChecked(t *testing.T) {
	c := newRig(t, Config{}).client(t, jsonProtocol)
	url := c.create("a", nil)
	ids, actions := []string{"1"}, []string{"*"}
	for _, row := range []struct {
		in            addPermissionInput
		code, message string
	}{
		{addPermissionInput{url, "", ids, actions}, "MissingParameter", "The request must contain the parameter Label."},
		{addPermissionInput{url, "a b", ids, actions}, "InvalidParameterValue", "Value a b for parameter Label is invalid. Reason: Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length."},
		{addPermissionInput{url, "a", nil, actions}, "MissingParameter", "The request must contain the parameter AWSAccountIds."},
		{addPermissionInput{url, "a", ids, nil}, "MissingParameter", "The request must contain the parameter Actions."},
		{addPermissionInput{url, "a", []string{"x y"}, actions}, "InvalidParameterValue", "Value x y for parameter PrincipalId is invalid. Reason: Unable to verify."},
		{addPermissionInput{url, "a", ids, strings.Split("* * * * * * * *", " ")}, "OverLimit", "8 actions were found, the maximum allowed is 7."},
	} {
		c.refuse("AddPermission", row.in, row.code, row.message)
	}
	for i := range 20 {
		c.do("AddPermission", addPermissionInput{url, fmt.Sprint(i), ids, actions}, new(nothing))
	}
	c.refuse("AddPermission", addPermissionInput{url, "x", ids, actions}, "OverLimit", "21 statements were found, the maximum allowed is 20.")
}
