package drivertest

import (
	"fmt"
	"testing"

	"github.com/redriveq/redrive/internal/model"
)

func TestZDepth(t *testing.T) {
	hist := map[int]int{}
	for seed := range uint64(100) {
		src := newSeeded(seed)
		w := newWorld(src, drawSwarm(src), model.New())
		w.run(func(step int) bool { hist[w.total()/10]++; return step < 500 })
	}
	for i := range 14 {
		fmt.Println(i*10, hist[i])
	}
}
