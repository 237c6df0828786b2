// Package api keeps the exported API of the public packages as text, so that
// every change of it is seen in review. After a wanted change, run
//
//	go test ./verify/api -update
package api

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/build"
	"go/doc"
	"go/format"
	"go/parser"
	"go/printer"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Packages returns the directories of the public packages of the module in the
// root directory, as slash-separated paths relative to it: all packages but
// commands, internal ones and those of nested modules.
func Packages(root string) ([]string, error) {
	var found []string
	err := fs.WalkDir(os.DirFS(root), ".", func(dir string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		if dir != "." && isPrivate(root, dir) {
			return fs.SkipDir
		}
		p, err := build.ImportDir(filepath.Join(root, dir), 0)
		if none := (*build.NoGoError)(nil); errors.As(err, &none) {
			return nil
		}
		if err == nil && p.Name != "main" && len(p.GoFiles) > 0 {
			found = append(found, dir)
		}
		return err
	})
	return found, err
}

func isPrivate(root, dir string) bool {
	switch name := path.Base(dir); {
	case name == "internal", name == "testdata", strings.HasPrefix(name, "."):
		return true
	}
	_, err := os.Stat(filepath.Join(root, dir, "go.mod"))
	return err == nil
}

// Text returns the exported declarations of the package in the directory,
// without comments, in an order that does not depend on where they stand.
func Text(dir string) (string, error) {
	p, err := build.ImportDir(dir, 0)
	if err != nil {
		return "", err
	}
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range p.GoFiles {
		file, err := parser.ParseFile(fset, filepath.Join(dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return "", err
		}
		files = append(files, file)
	}
	described, err := doc.NewFromFiles(fset, files, p.Name)
	if err != nil {
		return "", err
	}
	w := writer{fset: fset}
	fmt.Fprintf(&w.text, "package %s\n", p.Name)
	w.values(described.Consts)
	w.values(described.Vars)
	w.funcs(described.Funcs)
	for _, t := range described.Types {
		w.declaration(t.Decl)
		w.values(t.Consts)
		w.values(t.Vars)
		w.funcs(t.Funcs)
		w.funcs(t.Methods)
	}
	return w.text.String(), w.err
}

// A writer prints declarations and keeps its errors.
type writer struct {
	fset *token.FileSet
	text bytes.Buffer
	err  error
}

func (w *writer) values(values []*doc.Value) {
	slices.SortFunc(values, func(a, b *doc.Value) int { return slices.Compare(a.Names, b.Names) })
	for _, v := range values {
		w.declaration(v.Decl)
	}
}

func (w *writer) funcs(funcs []*doc.Func) {
	for _, f := range funcs {
		w.declaration(f.Decl)
	}
}

// declaration prints a declaration without the blank lines that comments leave.
func (w *writer) declaration(decl ast.Decl) {
	var text bytes.Buffer
	if err := printer.Fprint(&text, w.fset, decl); err != nil {
		w.err = errors.Join(w.err, err)
		return
	}
	lines := slices.DeleteFunc(strings.Split(text.String(), "\n"), func(line string) bool { return line == "" })
	tidy, err := format.Source([]byte(strings.Join(lines, "\n")))
	w.err = errors.Join(w.err, err)
	fmt.Fprintf(&w.text, "\n%s\n", tidy)
}
