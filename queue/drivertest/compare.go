package drivertest

import "github.com/redriveq/redrive/queue/driver"

// sameQueue compares two descriptions of a queue but for its ID.
func sameQueue(got, want driver.QueueInfo) bool {
	return got.Name == want.Name &&
		got.CreatedAt.Equal(want.CreatedAt) &&
		got.ModifiedAt.Equal(want.ModifiedAt) &&
		got.Attributes.Equal(want.Attributes)
}
