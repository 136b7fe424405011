package assist

import (
	"go/doc/comment"
	"go/token"
	"strings"
)

// site is where the documentation of packages can be read in a browser.
const site = "https://pkg.go.dev"

// prose is the comment as text and as markdown.
func (d *description) prose() (text, markdown string) {
	if strings.TrimSpace(d.comment) == "" {
		return "", ""
	}
	parser := comment.Parser{LookupSym: func(_, name string) bool { return d.path != "" && token.IsExported(name) }}
	doc := parser.Parse(d.comment)
	if d.brief && len(doc.Content) > 1 {
		doc.Content = doc.Content[:1]
	}
	printer := comment.Printer{
		HeadingLevel: 4,
		HeadingID:    func(*comment.Heading) string { return "" },
		DocLinkURL: func(link *comment.DocLink) string {
			of := *link
			if of.ImportPath == "" {
				of.ImportPath = d.path
			}
			return of.DefaultURL(site)
		},
		TextWidth: 80,
	}
	return strings.TrimSpace(string(printer.Text(doc))), strings.TrimSpace(string(printer.Markdown(doc)))
}
