package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLab judges mutants of a module that is made for it.
func TestLab(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":    "module m\n\ngo 1.26\n",
		"m.go":      "package m\n\nfunc Two() int { return 2 }\n",
		"m_test.go": "package m\n\nimport \"testing\"\n\nfunc TestTwo(t *testing.T) {\n\tif Two() != 2 {\n\t\tt.Error(Two())\n\t}\n}\n\nfunc TestWrong(t *testing.T) { t.Error() }\n",
	} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("GOWORK", "off")
	l := &lab{root: root, scratch: t.TempDir()}
	for _, c := range []struct {
		name, from, to, run string
		word, detail        string
	}{
		{"killed", "return 2", "return 3", "^TestTwo$", wordKilled, ""},
		{"survivor", "return 2", "return 1 + 1", "^TestTwo$", wordSurvived, "because"},
		{"no Go", "return 2", "return two", "^TestTwo$", wordBroken, "does not build"},
		{"moved", "return 4", "return 5", "^TestTwo$", wordBroken, "does not apply"},
		{"no test", "return 2", "return 3", "^TestThree$", wordBroken, "no test matches"},
		{"sick test", "return 2", "return 3", "^TestWrong$", wordBroken, "fails without the mutant"},
	} {
		file := filepath.Join(l.scratch, "patch")
		diff := "--- a/m.go\n+++ b/m.go\n@@ -3 +3 @@\n-func Two() int { " + c.from + " }\n+func Two() int { " + c.to + " }\n"
		if err := os.WriteFile(file, []byte(diff), 0o644); err != nil {
			t.Fatal(err)
		}
		m := mutant{name: c.name, file: file, why: "because", files: []string{"m.go"}, test: test{pkg: ".", run: c.run}}
		if got := l.check(t.Context(), m); got.word != c.word || !strings.Contains(got.detail, c.detail) {
			t.Errorf("%s: got %q (%s), want %q (%s)", c.name, got.word, got.detail, c.word, c.detail)
		}
	}
	if text, err := os.ReadFile(filepath.Join(root, "m.go")); err != nil || !strings.Contains(string(text), "return 2") {
		t.Errorf("got the file changed to %q (error %v), want it as it was", text, err)
	}
}
