package codec_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"cuaderno/internal/codec"
)

// values are what the benchmarks send: one small message of each kind, and large
// ones of a million elements. copy is what copying its memory once means.
func values() []struct {
	name string
	v    any
	copy func()
} {
	const million = 1_000_000
	floats, ints, texts := make([]float64, million), make([]int, million), make([]string, million)
	points := make([]point, million)
	rows := make([][]float64, 1000)
	counts := map[string]int{}
	for i := range million {
		floats[i], ints[i], texts[i], points[i] = float64(i)/3, i*i, fmt.Sprint("texto ", i), point{i, -i}
	}
	for i := range rows {
		rows[i] = floats[i*1000 : (i+1)*1000]
	}
	for i := range 1000 {
		counts[texts[i]] = i
	}
	data := make([]byte, 1<<20)
	return []struct {
		name string
		v    any
		copy func()
	}{
		{"int", 42, nil},
		{"string", "hola", nil},
		{"mixed", []any{42, nil, "hola"}, nil},
		{"struct", persona{"Ana", 30, 1.7}, nil},
		{"pointer", &persona{"Ana", 30, 1.7}, nil},
		{"map1000", counts, nil},
		{"bytes1M", data, func() { keep = slices.Clone(data) }},
		{"float64x1M", floats, func() { keep = slices.Clone(floats) }},
		{"intx1M", ints, func() { keep = slices.Clone(ints) }},
		{"stringx1M", texts, func() { keep = cloneTexts(texts) }},
		{"pointx1M", points, func() { keep = slices.Clone(points) }},
		{"rows1000x1000", rows, func() { keep = slices.Clone(floats) }},
	}
}

var keep any

// cloneTexts copies the memory of strings: their contents in one block.
func cloneTexts(list []string) []string {
	size := 0
	for _, s := range list {
		size += len(s)
	}
	var block strings.Builder
	block.Grow(size)
	for _, s := range list {
		block.WriteString(s)
	}
	all, clone := block.String(), make([]string, len(list))
	for i, s := range list {
		clone[i], all = all[:len(s)], all[len(s):]
	}
	return clone
}

type persona struct {
	Nombre string
	Edad   int
	Altura float64
}

// BenchmarkCodec measures both directions of messages of one value in an
// interface, as queues send them, beside encoding/gob and encoding/json, which are
// told the type and keep neither sharing nor the types in interfaces.
func BenchmarkCodec(b *testing.B) {
	domain := &codec.Domain{Symbols: names{"main.persona": reflect.TypeFor[persona](), "main.point": reflect.TypeFor[point]()}}
	gob.Register([]any{})
	for _, test := range values() {
		b.Run(test.name+"/encode", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := codec.Encode(reflect.ValueOf(&test.v).Elem(), "v", domain); err != nil {
					b.Fatal(err)
				}
			}
		})
		m, err := codec.Encode(reflect.ValueOf(&test.v).Elem(), "v", domain)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(test.name+"/decode", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var v any
				if err := codec.DecodeInto(m, reflect.ValueOf(&v).Elem(), domain); err != nil {
					b.Fatal(err)
				}
			}
		})
		if test.copy != nil {
			b.Run(test.name+"/copy", func(b *testing.B) {
				for b.Loop() {
					test.copy()
				}
			})
		}
		t := reflect.TypeOf(test.v)
		b.Run(test.name+"/both-gob", func(b *testing.B) {
			if test.name == "mixed" {
				b.Skip("gob sends no nil in an interface")
			}
			for b.Loop() {
				var buf bytes.Buffer
				if err := gob.NewEncoder(&buf).Encode(test.v); err != nil {
					b.Fatal(err)
				}
				if err := gob.NewDecoder(&buf).DecodeValue(reflect.New(t)); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(test.name+"/both-json", func(b *testing.B) {
			for b.Loop() {
				data, err := json.Marshal(test.v)
				if err != nil {
					b.Fatal(err)
				}
				if err := json.Unmarshal(data, reflect.New(t).Interface()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
