package interp

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestDeclarationLog reads a log while it is written: each declaration is met
// whole, once and in order.
func TestDeclarationLog(t *testing.T) {
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	const n = 300
	code := func(serial int) string { return strings.Repeat(fmt.Sprint(serial, " "), serial%50) }
	written := make(chan error, 1)
	go func() {
		log := newDeclarationLog(file)
		for serial := 1; serial <= n; serial++ {
			d := declaration{Serial: serial, Code: code(serial), Needs: []int{serial - 1}, Names: map[string]int{"f": serial - 1}}
			if err := log.append(d); err != nil {
				written <- err
				return
			}
		}
		written <- nil
	}()
	log := newDeclarationLog(file)
	for done := false; !done; {
		select {
		case err := <-written:
			if err != nil {
				t.Fatal(err)
			}
			done = true
		default:
		}
		all, err := log.read()
		if err != nil {
			t.Fatal(err)
		}
		for i, d := range all {
			if d.Serial != i+1 || d.Code != code(i+1) || d.Names["f"] != i {
				t.Fatalf("declaration %d is %+v", i+1, d)
			}
		}
	}
	if d, err := log.find(n); d == nil || err != nil {
		t.Errorf("the last declaration: %v, %v", d, err)
	}
	if d, err := log.find(n + 1); d != nil || err != nil {
		t.Errorf("one that does not exist: %v, %v", d, err)
	}
}

// TestDeclarationLogResumes goes on after a writer that died in the middle of a long
// declaration.
func TestDeclarationLogResumes(t *testing.T) {
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	log := newDeclarationLog(file)
	if err := log.append(declaration{Serial: 1, Code: "x := 1"}); err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteAt([]byte(strings.Repeat("y := 2\n", 50_000)), log.end+lengthSize); err != nil {
		t.Fatal(err)
	}
	log = newDeclarationLog(file)
	before, damage, err := log.resume()
	if damage != nil || err != nil || len(before) != 1 || before[0].Code != "x := 1" {
		t.Fatalf("%v, %v, %v", before, damage, err)
	}
	if err := log.append(declaration{Serial: 2, Code: "z"}); err != nil {
		t.Fatal(err)
	}
	all, err := newDeclarationLog(file).read()
	if err != nil || len(all) != 2 || all[1].Code != "z" {
		t.Errorf("%v, %v", all, err)
	}
}

// TestDeclarationLogBeginsAnew goes on after a declaration that cannot be read.
func TestDeclarationLogBeginsAnew(t *testing.T) {
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	log := newDeclarationLog(file)
	for serial := range 3 {
		if err := log.append(declaration{Serial: serial + 1, Code: "x := 1"}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := file.WriteAt([]byte("xxxx"), log.at[2]+headSize); err != nil {
		t.Fatal(err)
	}
	log = newDeclarationLog(file)
	if before, damage, err := log.resume(); damage == nil || err != nil || len(before) != 0 {
		t.Fatalf("%v, %v, %v", before, damage, err)
	}
	if err := log.append(declaration{Serial: 1, Code: "z"}); err != nil {
		t.Fatal(err)
	}
	all, err := newDeclarationLog(file).read()
	if err != nil || len(all) != 1 || all[0].Code != "z" {
		t.Errorf("%v, %v", all, err)
	}
}
