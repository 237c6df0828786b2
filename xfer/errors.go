package xfer

import (
	"errors"
	"fmt"

	"github.com/redriveq/redrive/queue"
)

var (
	// ErrClosed is returned by every call of a Manager that is closed, and by a
	// Wait that it ends.
	ErrClosed = errors.New("manager of transfers closed")

	// ErrRefused is in the error of a [Result] whose record the target will never
	// accept. It is of no use to send the record again as it is.
	ErrRefused = errors.New("refused")
)

// refusal returns an [ErrRefused] with a reason.
func refusal(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrRefused, fmt.Sprintf(format, args...))
}

func fail(op, name string, err error) error {
	if err == nil {
		return nil
	}
	if inner, ok := err.(*queue.Error); ok {
		err = inner.Err
		if name == "" {
			name = inner.Queue
		}
	}
	return &queue.Error{Op: op, Queue: name, Err: err}
}

func invalid(field, format string, args ...any) error {
	return &queue.InvalidError{Field: field, Reason: fmt.Sprintf(format, args...)}
}
