// Package scale says how much work a test does: less under the race detector,
// and more where the environment asks for it.
package scale

import (
	"fmt"
	"os"
	"strconv"
)

// Of returns n operations, or what is left of them under the race detector,
// times the environment's REDRIVE_SCALE (a decimal number, 1 if it is not set).
// It is never less than 1.
func Of(n int) int {
	return max(1, int(float64(n)*environment("REDRIVE_SCALE", 1))/raceCost)
}

// Seeds returns the environment's REDRIVE_SEEDS, or Of(n) if it is not set.
func Seeds(n int) int { return int(environment("REDRIVE_SEEDS", float64(Of(n)))) }

func environment(name string, otherwise float64) float64 {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	value, err := strconv.ParseFloat(text, 64)
	if err != nil || value <= 0 {
		panic(fmt.Sprintf("%s=%q is not a positive number", name, text))
	}
	return value
}

// Count returns n with commas, for the lines that tell what a test did.
func Count(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%s,%03d", Count(n/1000), n%1000)
}
