package interp

import (
	"context"
	"strings"

	"cuaderno/interp/assist"
	"cuaderno/interp/cell"
	"cuaderno/interp/lang"
	"cuaderno/interp/stdlib"
)

// This file answers what people ask while they type. No answer waits for a cell
// that runs, only for the type checker while it checks one.

func (s *Session) newAssistant() *assist.Assistant {
	var magics []assist.Magic
	for _, m := range s.magics() {
		magics = append(magics, m.Magic)
	}
	return assist.New(assist.Options{
		Checker:   s.checker,
		Importer:  s.importer,
		Documents: &stdlib.Documentation{},
		Source: func(count int) string {
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.sources[count]
		},
		Magics: magics,
	})
}

// IsComplete implements lang.Session.
func (s *Session) IsComplete(ctx context.Context, code string) (lang.Completeness, error) {
	if strings.HasPrefix(strings.TrimSpace(code), "%") || question.MatchString(code) {
		return lang.Completeness{Status: string(cell.Complete)}, nil
	}
	status, indent := cell.IsComplete(code)
	return lang.Completeness{Status: string(status), Indent: indent}, nil
}

// Complete implements lang.Session.
func (s *Session) Complete(ctx context.Context, code string, cursor int) (lang.Completion, error) {
	return s.assistant.Complete(ctx, code, cursor)
}

// Inspect implements lang.Session.
func (s *Session) Inspect(ctx context.Context, code string, cursor, detail int) (lang.Inspection, error) {
	return s.assistant.Inspect(ctx, code, cursor, detail)
}
