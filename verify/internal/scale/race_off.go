//go:build !race

package scale

// raceCost is by how much less is done under the race detector.
const raceCost = 1
