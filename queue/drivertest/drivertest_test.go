package drivertest

import (
	"testing"

	"github.com/redriveq/redrive/internal/model"
	"github.com/redriveq/redrive/queue/driver"
)

func openModel(testing.TB) driver.Engine { return model.New() }

// The specification passes its own suite.
func TestRun(t *testing.T) { Run(t, openModel) }
