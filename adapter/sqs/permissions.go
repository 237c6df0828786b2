package sqs

import (
	"context"
	"encoding/json"
	"slices"
)

const (
	maxStatements = 20
	maxActions    = 7
	maxPolicy     = 64 << 10 // bytes of an access policy
)

// A policy is an access policy. It is stored and answered, and decides nothing:
// what a caller may do is decided by the account that its key belongs to.
type policy struct {
	Version   string            `json:"Version,omitempty"`
	ID        string            `json:"Id,omitempty"`
	Statement []json.RawMessage `json:"Statement"`
}

// A statement is one that AddPermission makes.
type statement struct {
	SID       string `json:"Sid"`
	Effect    string `json:"Effect"`
	Principal struct {
		AWS oneOrMore `json:"AWS"`
	} `json:"Principal"`
	Action   oneOrMore `json:"Action"`
	Resource string    `json:"Resource"`
}

// oneOrMore is a list that is written as its one element if it has one.
type oneOrMore []string

func (l oneOrMore) MarshalJSON() ([]byte, error) {
	if len(l) == 1 {
		return json.Marshal(l[0])
	}
	return json.Marshal([]string(l))
}

func setPolicy(c *change, name, value string) error {
	if _, err := parsePolicy(value); err != nil || len(value) > maxPolicy {
		return invalidAttribute(name)
	}
	c.keep(name, value)
	return nil
}

// parsePolicy reads a policy, whose Statement may be one or a list. The empty
// text is a policy without any.
func parsePolicy(text string) (*policy, error) {
	p := new(policy)
	if text == "" {
		return p, nil
	}
	var raw struct {
		policy
		Statement json.RawMessage
	}
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		return nil, err
	}
	*p = raw.policy
	if len(raw.Statement) == 0 {
		return p, nil
	}
	if raw.Statement[0] == '{' {
		p.Statement = []json.RawMessage{raw.Statement}
		return p, nil
	}
	return p, json.Unmarshal(raw.Statement, &p.Statement)
}

// sid returns the name of a statement.
func sid(raw json.RawMessage) string {
	var s struct{ Sid string }
	_ = json.Unmarshal(raw, &s) // one of another shape has no name
	return s.Sid
}

func addPermission(ctx context.Context, s *session, in *addPermissionInput) (*nothing, error) {
	if err := checkPermission(in); err != nil {
		return nil, err
	}
	return s.updatePolicy(ctx, in.QueueURL, func(c *change, p *policy) error {
		if slices.ContainsFunc(p.Statement, func(raw json.RawMessage) bool { return sid(raw) == in.Label }) {
			return invalidValue(in.Label, "Label", "Already exists.")
		}
		if n := len(p.Statement) + 1; n > maxStatements {
			return overLimit("%d statements were found, the maximum allowed is %d.", n, maxStatements)
		}
		if p.Version == "" {
			p.Version, p.ID = "2008-10-17", c.arn(c.name)+"/SQSDefaultPolicy"
		}
		p.Statement = append(p.Statement, json.RawMessage(marshal(c.statement(in))))
		return nil
	})
}

func checkPermission(in *addPermissionInput) error {
	switch {
	case in.Label == "":
		return missingParameter("Label")
	case len(in.Label) > maxName || !every(in.Label, isWordByte):
		return invalidValue(in.Label, "Label", "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length.")
	case len(in.AccountIDs) == 0:
		return missingParameter("AWSAccountIds")
	case len(in.Actions) == 0:
		return missingParameter("Actions")
	case len(in.Actions) > maxActions:
		return overLimit("%d actions were found, the maximum allowed is %d.", len(in.Actions), maxActions)
	}
	for _, id := range in.AccountIDs {
		if !isPart(id) {
			return invalidValue(id, "PrincipalId", "Unable to verify.")
		}
	}
	for _, action := range in.Actions {
		if _, ok := readsOnly[action]; !ok && action != "*" {
			return invalidValue("SQS:"+action, "ActionName", "Please refer to the appropriate WSDL for a list of valid actions.")
		}
	}
	return nil
}

func (c *change) statement(in *addPermissionInput) *statement {
	s := &statement{SID: in.Label, Effect: "Allow", Resource: c.arn(c.name)}
	for _, id := range in.AccountIDs {
		s.Principal.AWS = append(s.Principal.AWS, "arn:aws:iam::"+id+":root")
	}
	for _, action := range in.Actions {
		s.Action = append(s.Action, "SQS:"+action)
	}
	return s
}

func removePermission(ctx context.Context, s *session, in *removePermissionInput) (*nothing, error) {
	if in.Label == "" {
		return nil, missingParameter("Label")
	}
	return s.updatePolicy(ctx, in.QueueURL, func(c *change, p *policy) error {
		before := len(p.Statement)
		p.Statement = slices.DeleteFunc(p.Statement, func(raw json.RawMessage) bool { return sid(raw) == in.Label })
		if len(p.Statement) == before {
			return invalidValue(in.Label, "Label", "can't find label.")
		}
		return nil
	})
}

// updatePolicy changes the access policy of a queue; one without statements is
// none.
func (s *session) updatePolicy(ctx context.Context, queueURL string, f func(c *change, p *policy) error) (*nothing, error) {
	return s.update(ctx, queueURL, "", func(c *change) error {
		p, err := parsePolicy(c.labels[attributeLabel+attrPolicy])
		if err != nil {
			return err
		}
		if err := f(c, p); err != nil {
			return err
		}
		if len(p.Statement) == 0 {
			c.keep(attrPolicy, "")
			return nil
		}
		return setPolicy(c, attrPolicy, marshal(p))
	})
}
