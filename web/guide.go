package web

import (
	"embed"
	"fmt"
	"net/http"
	"strings"
)

//go:embed guides/*.md
var guideFiles embed.FS

// guideBlock is a heading (2 or 3), a paragraph, or a list of the reporter's guide.
type guideBlock struct {
	Level int // of the heading; 0 for none
	Text  string
	Items []string
}

type guidePage struct {
	base
	Title  string
	Blocks []guideBlock
}

// loadGuide parses the guide of one language: a `# ` title, `## ` headings, paragraphs and `- ` lists, separated by
// blank lines. It uses nothing else of Markdown.
func loadGuide(lang string) ([]guideBlock, error) {
	raw, err := guideFiles.ReadFile("guides/" + lang + ".md")
	if err != nil {
		return nil, err
	}
	var blocks []guideBlock
	for i, part := range strings.Split(strings.TrimSpace(string(raw)), "\n\n") {
		lines := strings.Split(strings.TrimSpace(part), "\n")
		switch text := strings.Join(lines, " "); {
		case strings.HasPrefix(text, "<!--"):
		case strings.HasPrefix(text, "# "):
			blocks = append(blocks, guideBlock{Level: 1, Text: text[2:]})
		case strings.HasPrefix(text, "## "):
			blocks = append(blocks, guideBlock{Level: 2, Text: text[3:]})
		case strings.HasPrefix(text, "- "):
			var items []string
			for _, line := range lines {
				if item, ok := strings.CutPrefix(line, "- "); ok {
					items = append(items, item)
				} else {
					items[len(items)-1] += " " + strings.TrimSpace(line)
				}
			}
			blocks = append(blocks, guideBlock{Items: items})
		case text == "":
			return nil, fmt.Errorf("guide %s: block %d is empty", lang, i+1)
		default:
			blocks = append(blocks, guideBlock{Text: text})
		}
	}
	if len(blocks) == 0 || blocks[0].Level != 1 {
		return nil, fmt.Errorf("guide %s: it does not begin with a title", lang)
	}
	return blocks, nil
}

func (s *server) getGuide(w http.ResponseWriter, r *http.Request) {
	loc := s.localizerFor(r)
	w.Header().Add("Vary", "Accept-Language")
	s.respond(w, r, nil, func() {
		loc.sendPage(w, http.StatusOK, "guide", guidePage{loc.base("guide"), loc.guide[0].Text, loc.guide[1:]})
	})
}
