package main

import "testing"

func TestRunReportsABadAddress(t *testing.T) {
	if err := run(t.Context(), "nowhere"); err == nil {
		t.Error("run = nil for an address without a port")
	}
}
