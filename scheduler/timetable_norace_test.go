//go:build !race

package scheduler

const zoneStep = 1
