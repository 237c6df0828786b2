package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// A lab builds and runs tests of a repository with some of its files replaced.
// The files themselves stay as they are.
type lab struct {
	root    string
	scratch string

	mu    sync.Mutex // guards known
	known map[test]func() error
}

// A verdict is what became of a mutant.
type verdict struct {
	word   string
	detail string
}

const (
	wordKilled   = "killed"
	wordSurvived = "SURVIVED"
	wordBroken   = "BROKEN" // it is no mutant, or its test no test
)

// timeout is what a test may take. A mutant may make it hang, which is a
// failure too.
const timeout = time.Minute

// check builds the mutant's test with the mutant and runs it.
func (l *lab) check(ctx context.Context, m mutant) verdict {
	if err := l.healthy(ctx, m.test); err != nil {
		return verdict{wordBroken, fmt.Sprintf("the test fails without the mutant: %v", err)}
	}
	dir := filepath.Join(l.scratch, m.name)
	overlay, err := l.apply(ctx, m, dir)
	if err != nil {
		return verdict{wordBroken, err.Error()}
	}
	binary, err := l.build(ctx, m.test, dir, "-overlay", overlay)
	if err != nil {
		return verdict{wordBroken, err.Error()}
	}
	switch err := l.runTest(ctx, m.test, binary); {
	case err == nil:
		return verdict{wordSurvived, m.why}
	case errors.As(err, new(*exec.ExitError)):
		return verdict{word: wordKilled}
	default:
		return verdict{wordBroken, err.Error()}
	}
}

// healthy returns nil if the test passes when nothing is broken. It finds out
// once for each test.
func (l *lab) healthy(ctx context.Context, t test) error {
	l.mu.Lock()
	if l.known == nil {
		l.known = make(map[test]func() error)
	}
	once, ok := l.known[t]
	if !ok {
		number := len(l.known)
		once = sync.OnceValue(func() error {
			dir := filepath.Join(l.scratch, fmt.Sprint("healthy-", number))
			if err := os.Mkdir(dir, 0o755); err != nil {
				return err
			}
			binary, err := l.build(ctx, t, dir)
			if err != nil {
				return err
			}
			return l.runTest(ctx, t, binary)
		})
		l.known[t] = once
	}
	l.mu.Unlock()
	return once()
}

// apply applies the mutant to copies of the files that it changes, and returns
// the file that tells the go command to use the copies.
func (l *lab) apply(ctx context.Context, m mutant, dir string) (overlay string, err error) {
	replace := make(map[string]string)
	for _, name := range m.files {
		original, replacement := filepath.Join(l.root, name), filepath.Join(dir, name)
		text, err := os.ReadFile(original)
		if err != nil {
			return "", err
		}
		if err := os.MkdirAll(filepath.Dir(replacement), 0o755); err != nil {
			return "", err
		}
		if err := os.WriteFile(replacement, text, 0o644); err != nil {
			return "", err
		}
		replace[original] = replacement
	}
	command := exec.CommandContext(ctx, "git", "apply", m.file)
	command.Dir = dir
	command.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(dir))
	if output, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("does not apply: %s", output)
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	overlay = filepath.Join(dir, "overlay.json")
	return overlay, os.WriteFile(overlay, text, 0o644)
}

// build builds the test of the package.
func (l *lab) build(ctx context.Context, t test, dir string, flags ...string) (binary string, err error) {
	binary = filepath.Join(dir, "test.exe")
	arguments := append([]string{"test", "-c", "-vet=off", "-o", binary}, flags...)
	command := exec.CommandContext(ctx, "go", append(arguments, t.pkg)...)
	command.Dir = l.root
	if output, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("does not build: %s", output)
	}
	return binary, nil
}

// runTest runs a test that was built. It is an error if there is none.
func (l *lab) runTest(ctx context.Context, t test, binary string) error {
	ctx, cancel := context.WithTimeout(ctx, timeout+10*time.Second)
	defer cancel()
	command := exec.CommandContext(ctx, binary, "-test.run="+t.run, "-test.timeout="+timeout.String(), "-test.failfast")
	command.Dir = filepath.Join(l.root, t.pkg)
	command.Env = append(os.Environ(), strings.Fields(t.env)...)
	output, err := command.CombinedOutput()
	if err == nil && bytes.Contains(output, []byte("no tests to run")) {
		return fmt.Errorf("no test matches %s", t.run)
	}
	if err != nil {
		return fmt.Errorf("%w: %s", err, last(output))
	}
	return nil
}

// last returns the end of a long output.
func last(output []byte) []byte { return output[max(0, len(output)-2000):] }
