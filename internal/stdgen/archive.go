package main

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Go archives as cmd/compile writes them (cmd/internal/archive): a signature,
// then members, each behind a header of 60 bytes. The member __.PKGDEF comes
// first and holds the export data.
const (
	arSignature  = "!<arch>\n"
	arHeaderLen  = 60
	arSizeOffset = 48
	pkgdef       = "__.PKGDEF"
)

// exportSection reduces a compiled package to an archive with its export data
// alone, in the form that go/importer.ForCompiler reads for "gc". Header lines
// other than the first, which names the release, are left out.
func exportSection(archive []byte) ([]byte, error) {
	body, ok := bytes.CutPrefix(archive, []byte(arSignature))
	if !ok || len(body) < arHeaderLen || !bytes.HasPrefix(body, []byte(pkgdef)) {
		return nil, errors.New("not a Go archive")
	}
	size, err := strconv.Atoi(strings.TrimSpace(string(body[arSizeOffset : arSizeOffset+10])))
	if err != nil || size > len(body)-arHeaderLen {
		return nil, errors.New("damaged archive header")
	}
	def := body[arHeaderLen : arHeaderLen+size]
	start := bytes.Index(def, []byte("\n$$B\n"))
	line := bytes.IndexByte(def, '\n')
	if start < 0 || line < 0 {
		return nil, errors.New("no export data")
	}

	var out bytes.Buffer
	out.WriteString(arSignature)
	fmt.Fprintf(&out, "%-16s%-12d%-6d%-6d%-8o%-10d`\n", pkgdef, 0, 0, 0, 0o644, line+len(def)-start)
	out.Write(def[:line])
	out.Write(def[start:])
	return out.Bytes(), nil
}

// writeArchive writes the zip file with all export data, the sources of what is
// generic, and the index that package stdlib reads, that with the documentation,
// and the Go file that embeds both.
func writeArchive(ctx context.Context, dir string, t target, lib *library) error {
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	// Nothing is compressed: every child process reads what it imports, and to
	// inflate that would take as long as all the rest of its start.
	add := func(name string, data []byte) error {
		f, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err == nil {
			_, err = f.Write(data)
		}
		return err
	}
	if err := add("index", index(lib)); err != nil {
		return err
	}
	for _, p := range lib.pkgs {
		if err := add("export/"+p.path, p.export); err != nil {
			return err
		}
		for _, f := range p.layer {
			if err := add("source/"+p.path+"/"+f.name, f.text); err != nil {
				return err
			}
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	base := filepath.Join(dir, "std"+t.suffix())
	if err := os.WriteFile(base+".zip", buf.Bytes(), 0o644); err != nil {
		return err
	}
	if err := writeDocumentation(ctx, base+documentationSuffix, t, lib); err != nil {
		return fmt.Errorf("collecting the documentation: %w", err)
	}
	embed := generated + "package stdlib\n\nimport _ \"embed\"\n"
	for _, e := range []struct{ file, variable string }{{base + ".zip", "archive"}, {base + documentationSuffix, "documentation"}} {
		embed += fmt.Sprintf("\n//go:embed %s\nvar %s string\n", filepath.Base(e.file), e.variable)
	}
	return os.WriteFile(base+".go", []byte(embed), 0o644)
}

// index is a line with the Go version, then a line for each package that others are
// to be imported before, "+" with its path and theirs, and one for each package that
// cells may import: its path and its name, then for one with a generic layer
// "whole" or "part" and the names of its source files, separated by spaces.
func index(lib *library) []byte {
	var b bytes.Buffer
	fmt.Fprintln(&b, lib.goVersion)
	for _, p := range lib.pkgs {
		if early := lib.early[p.path]; len(early) > 0 {
			fmt.Fprintln(&b, "+"+p.path, strings.Join(early, " "))
		}
		if !p.offered {
			continue
		}
		line := []string{p.path, p.name}
		if p.layer != nil {
			extent := "part"
			if p.whole {
				extent = "whole"
			}
			line = append(line, extent)
		}
		for _, f := range p.layer {
			line = append(line, f.name)
		}
		fmt.Fprintln(&b, strings.Join(line, " "))
	}
	return b.Bytes()
}
