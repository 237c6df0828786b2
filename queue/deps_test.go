package queue_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The library stands on the standard library, an index and a clock.
func TestDependencies(t *testing.T) {
	const module = "github.com/redriveq/redrive"
	allowed := []string{"github.com/google/btree", "github.com/benbjohnson/clock"}
	inside := []string{module + "/queue", module + "/queue/driver", module + "/queue/memqueue", module + "/receipt", module + "/scheduler"}
	list := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", module+"/queue")
	output, err := list.Output()
	if err != nil {
		t.Fatalf("%v: got error %v, want none", list, err)
	}
	packages := strings.Fields(string(output))
	for _, path := range packages {
		if !slices.Contains(allowed, path) && !slices.Contains(inside, path) {
			t.Errorf("package queue depends on %s", path)
		}
	}
	for _, path := range slices.Concat(allowed, inside) {
		if !slices.Contains(packages, path) {
			t.Errorf("package queue no longer depends on %s, which this test allows", path)
		}
	}
	// Trap S9: nothing that is for tests comes along.
	list = exec.Command("go", "list", "-deps", module+"/queue")
	if output, err = list.Output(); err != nil {
		t.Fatalf("%v: got error %v, want none", list, err)
	}
	for path := range strings.FieldsSeq(string(output)) {
		if path == "testing" || strings.HasPrefix(path, "testing/") || path == "flag" {
			t.Errorf("package queue depends on %s", path)
		}
	}
}

// Time comes in from above: only the broker has a clock, and it is the one that
// it was given.
func TestNobodyAsksForTheTime(t *testing.T) {
	files := 0
	for _, root := range []string{".", "../scheduler", "../receipt", "../batch"} {
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			files++
			for _, use := range clockUses(t, path) {
				t.Errorf("%s", use)
			}
			return nil
		})
		if err != nil {
			t.Errorf("%s: %v", root, err)
		}
	}
	if files < 20 {
		t.Errorf("looked into %d files, want many more", files)
	}
	if got := len(clockUses(t, "close_test.go")); got == 0 {
		t.Errorf("found no use of a clock where there is one")
	}
}

// clockUses returns where the file asks package time for the time or for a
// timer.
func clockUses(t *testing.T, path string) (uses []string) {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	name := ""
	for _, spec := range file.Imports {
		if imported, _ := strconv.Unquote(spec.Path.Value); imported == "time" {
			name = "time"
			if spec.Name != nil {
				name = spec.Name.Name
			}
		}
	}
	if name == "." {
		return []string{path + " imports package time into its own names"}
	}
	forbidden := []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}
	ast.Inspect(file, func(n ast.Node) bool {
		selector, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		of, ok := selector.X.(*ast.Ident)
		if ok && of.Name == name && slices.Contains(forbidden, selector.Sel.Name) {
			uses = append(uses, files.Position(n.Pos()).String()+": time."+selector.Sel.Name)
		}
		return true
	})
	return uses
}
