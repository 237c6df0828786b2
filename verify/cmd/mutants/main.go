// Mutants checks the tests: it breaks the code in one way after the other, and
// demands that the test which is there for that fails.
//
// Usage, anywhere in the repository:
//
//	go run ./verify/cmd/mutants [-run regexp] [-j n]
//
// The ways are the patches in verify/mutants, each with a header that says what
// it breaks and which test must see it. Nothing in the working tree is changed.
// A mutant that does not build is no mutant, and a test that fails without it
// proves nothing; both are errors.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

func main() {
	only := flag.String("run", "", "check only the mutants whose names match")
	workers := flag.Int("j", runtime.GOMAXPROCS(0), "check so many at the same time")
	flag.Parse()
	ok, err := run(context.Background(), os.Stdout, *only, *workers)
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

// run checks the mutants whose names match, and reports whether all are killed.
func run(ctx context.Context, out io.Writer, only string, workers int) (bool, error) {
	pattern, err := regexp.Compile(only)
	if err != nil {
		return false, err
	}
	root, err := repository(ctx)
	if err != nil {
		return false, err
	}
	mutants, err := load(filepath.Join(root, "verify", "mutants"))
	if err != nil {
		return false, err
	}
	mutants = slices.DeleteFunc(mutants, func(m mutant) bool { return !pattern.MatchString(m.name) })
	scratch, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(scratch)
	begin := time.Now()
	killed := checkAll(ctx, out, &lab{root: root, scratch: scratch}, mutants, max(workers, 1))
	fmt.Fprintf(out, "L9: mutants: %d/%d killed, %.0fs\n", killed, len(mutants), time.Since(begin).Seconds())
	return killed == len(mutants) && killed > 0, nil
}

// repository returns the directory of the workspace.
func repository(ctx context.Context) (string, error) {
	file, err := exec.CommandContext(ctx, "go", "env", "GOWORK").Output()
	if err != nil {
		return "", err
	}
	if path := strings.TrimSpace(string(file)); filepath.IsAbs(path) {
		return filepath.Dir(path), nil
	}
	return "", fmt.Errorf("no workspace: want to be run in the repository")
}

// checkAll prints a line for each mutant as soon as it was checked, and returns
// how many were killed.
func checkAll(ctx context.Context, out io.Writer, l *lab, mutants []mutant, workers int) (killed int) {
	var mu sync.Mutex // guards out and killed
	var all sync.WaitGroup
	next := make(chan mutant)
	for range workers {
		all.Go(func() {
			for m := range next {
				begin := time.Now()
				v := l.check(ctx, m)
				mu.Lock()
				fmt.Fprintf(out, "%-8s %5.1fs  %-34s %-10s %s\n", v.word, time.Since(begin).Seconds(), m.name, m.breaks, m.test)
				if v.word == wordKilled {
					killed++
				} else {
					fmt.Fprintln(out, v.detail)
				}
				mu.Unlock()
			}
		})
	}
	for _, m := range mutants {
		next <- m
	}
	close(next)
	all.Wait()
	return killed
}
