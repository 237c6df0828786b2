package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A mutant is one patch. Its file begins with lines "key: value":
//
//	breaks: I4, R1                       invariants and traps, at least one
//	why:    what is wrong with the code  one line
//	test:   ./queue/memqueue -run TestX  a package, and a regular expression
//	env:    NAME=value                   for the test, any number of times
//
// and goes on with a unified diff against the root of the repository.
type mutant struct {
	name   string
	file   string
	breaks string
	why    string
	test   test
	files  []string // that the diff changes
}

// A test is a package with a regular expression, and what to set for it.
type test struct {
	pkg, run string
	env      string // lines NAME=value
}

func (t test) String() string { return t.pkg + " " + t.run }

// load reads the patches in the directory, in the order of their names.
func load(dir string) ([]mutant, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.patch"))
	if err != nil {
		return nil, err
	}
	var mutants []mutant
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		m, err := parse(string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(file), err)
		}
		m.name, m.file = strings.TrimSuffix(filepath.Base(file), ".patch"), file
		mutants = append(mutants, m)
	}
	slices.SortFunc(mutants, func(a, b mutant) int { return cmp.Compare(a.name, b.name) })
	return mutants, nil
}

// parse reads one patch.
func parse(text string) (m mutant, err error) {
	header, diff, found := strings.Cut(text, "\n--- a/")
	if !found {
		return m, fmt.Errorf(`no diff: want a line that begins with "--- a/"`)
	}
	for line := range strings.Lines(header) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		value = strings.TrimSpace(value)
		switch key {
		case "breaks":
			m.breaks = value
		case "why":
			m.why = value
		case "test":
			m.test.pkg, m.test.run, _ = strings.Cut(value, " -run ")
		case "env":
			m.test.env += value + "\n"
		case "":
		default:
			return m, fmt.Errorf("line %q: want breaks, why, test or env", strings.TrimSpace(line))
		}
	}
	if m.breaks == "" || m.why == "" || m.test.pkg == "" || m.test.run == "" {
		return m, fmt.Errorf("incomplete header: want breaks, why, and test with a package and -run")
	}
	for line := range strings.Lines("--- a/" + diff) {
		if name, ok := strings.CutPrefix(line, "+++ b/"); ok {
			m.files = append(m.files, strings.TrimSpace(name))
		}
	}
	return m, nil
}
