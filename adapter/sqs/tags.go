package sqs

import (
	"context"
	"strings"
	"unicode/utf8"
)

const (
	maxTags     = 50
	maxTagKey   = 128 // characters
	maxTagValue = 256
)

// tag sets tags, beside those that are there.
func (c *change) tag(tags map[string]string) error {
	for key, value := range tags {
		if key == "" || utf8.RuneCountInString(key) > maxTagKey || utf8.RuneCountInString(value) > maxTagValue {
			return invalidParameter("Tag keys must be between 1 and %d characters in length, and tag values at most %d.", maxTagKey, maxTagValue)
		}
		c.labels[tagLabel+key] = value
	}
	if len(tagsOf(c.labels)) > maxTags {
		return invalidParameter("Too many tags added for queue %s.", c.name.name)
	}
	return nil
}

// tagsOf returns the tags among the labels of a queue.
func tagsOf(labels map[string]string) map[string]string {
	tags := make(map[string]string)
	for label, value := range labels {
		if key, ok := strings.CutPrefix(label, tagLabel); ok {
			tags[key] = value
		}
	}
	return tags
}

func tagQueue(ctx context.Context, s *session, in *tagQueueInput) (*nothing, error) {
	if len(in.Tags) == 0 {
		return nil, missingParameter("Tags")
	}
	return s.update(ctx, in.QueueURL, "", func(c *change) error { return c.tag(in.Tags) })
}

func untagQueue(ctx context.Context, s *session, in *untagQueueInput) (*nothing, error) {
	if len(in.Keys) == 0 {
		return nil, missingParameter("TagKeys")
	}
	return s.update(ctx, in.QueueURL, "", func(c *change) error {
		for _, key := range in.Keys {
			delete(c.labels, tagLabel+key)
		}
		return nil
	})
}

func listQueueTags(ctx context.Context, s *session, in *queueInput) (*listQueueTagsOutput, error) {
	q, _, err := s.find(ctx, in.QueueURL)
	if err != nil {
		return nil, err
	}
	info, err := q.Info(ctx)
	return &listQueueTagsOutput{Tags: tagsOf(info.Attributes.Labels)}, err
}
