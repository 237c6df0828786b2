package scale

import "testing"

func TestOf(t *testing.T) {
	t.Setenv("REDRIVE_SCALE", "2.5")
	for _, c := range []struct{ n, want int }{{1, max(1, 2/raceCost)}, {1000, 2500 / raceCost}} {
		if got := Of(c.n); got != c.want {
			t.Errorf("Of(%d): got %d, want %d", c.n, got, c.want)
		}
	}
}

func TestSeeds(t *testing.T) {
	t.Setenv("REDRIVE_SCALE", "")
	t.Setenv("REDRIVE_SEEDS", "")
	if got, want := Seeds(500), 500/raceCost; got != want {
		t.Errorf("not set: got %d, want %d", got, want)
	}
	t.Setenv("REDRIVE_SEEDS", "7")
	if got := Seeds(500); got != 7 {
		t.Errorf("set to 7: got %d, want 7", got)
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1_020_003: "1,020,003"} {
		if got := Count(n); got != want {
			t.Errorf("Count(%d): got %s, want %s", n, got, want)
		}
	}
}
