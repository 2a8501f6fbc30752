package desk

import (
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"

	"zapis/internal/exit"
	"zapis/internal/trustee/release"
	"zapis/internal/trustee/statistics"
)

// numbersDraft is the release that was drafted last and not published. key is random: what is published is the draft
// that the page showed, and none that was made since in another window.
type numbersDraft struct {
	key  string
	next *statistics.Release
}

// tableView is one table of the page: rows of labelled figures.
type tableView struct {
	Code, Title string
	Columns     []string
	Rows        []tableRow
}

type tableRow struct {
	Label   string
	Figures []string
}

type numbersPage struct {
	layout
	Releases  []statistics.Release // published, newest first
	Draft     *statistics.Release
	DraftKey  string
	Language  string
	Languages []choice
	Periods   []periodView
	Notes     []string
	Tables    []choice // that have a chart
	Modes     []choice
	Fixed     bool // the mode is that of the releases before
	Words     *statistics.Words
}

type periodView struct {
	Title  string
	Tables []tableView
}

var numberModes = []choice{{"suppress", "hide small figures, and those that would give them away"}, {"round-5", "round every figure to a multiple of 5"}, {"round-10", "round every figure to a multiple of 10"}}

// getNumbers shows the draft, or else what was published, in one language.
func (s *Server) getNumbers(w http.ResponseWriter, r *http.Request, o opened) error {
	list, err := release.Numbers(o.trustee)
	if err != nil {
		return err
	}
	language, words, err := languageOf(r)
	if err != nil {
		return err
	}
	page := numbersPage{layout: s.layout(r, "Numbers"), Language: language, Languages: languageNames(statistics.Languages()), Modes: numberModes, Fixed: len(list) > 0, Words: words}
	draft := s.numbers.get()
	page.DraftKey, page.Draft = draft.key, draft.next
	shown := list
	if page.Draft != nil {
		shown = []statistics.Release{*page.Draft}
	}
	for _, one := range slices.Backward(shown) {
		for _, c := range one.Counts {
			page.Periods = append(page.Periods, periodView{words.Period(c.Period), tablesOf(c, words)})
		}
	}
	if len(shown) > 0 {
		page.Notes = words.Notes(shown[0].Mode)
		for _, code := range statistics.Tables() {
			page.Tables = append(page.Tables, choice{code, words.Table(code)})
		}
	}
	for _, one := range slices.Backward(list) {
		page.Releases = append(page.Releases, one)
	}
	return s.render(w, http.StatusOK, "numbers.html", page)
}

func languageOf(r *http.Request) (string, *statistics.Words, error) {
	language := r.URL.Query().Get("lang")
	if language == "" {
		language = "en"
	}
	if !slices.Contains(statistics.Languages(), language) {
		return "", nil, exit.New(exit.Usage, "one of: "+strings.Join(statistics.Languages(), ", "), "there are no numbers in %.20q", language)
	}
	words, err := statistics.NewWords(language)
	return language, words, err
}

// tablesOf lays the cells of one half-year out as tables. A hidden figure is a colon.
func tablesOf(c statistics.Counts, words *statistics.Words) []tableView {
	var list []tableView
	for _, code := range statistics.Tables() {
		t := tableView{Code: code, Title: words.Table(code)}
		var rows, columns []string
		for _, cell := range c.Cells {
			if cell.Table != code {
				continue
			}
			if !slices.Contains(rows, cell.Row) {
				rows = append(rows, cell.Row)
			}
			if cell.Column != "" && !slices.Contains(columns, cell.Column) {
				columns = append(columns, cell.Column)
			}
		}
		for _, column := range columns {
			t.Columns = append(t.Columns, words.Column(code, column))
		}
		if columns == nil {
			columns = []string{""}
		}
		for _, row := range rows {
			one := tableRow{Label: words.Row(code, row)}
			for _, column := range columns {
				n, shown := c.Of(statistics.Key{Table: code, Row: row, Column: column})
				figure := ":"
				if shown {
					figure = strconv.Itoa(n)
				}
				one.Figures = append(one.Figures, figure)
			}
			t.Rows = append(t.Rows, one)
		}
		if len(t.Rows) > 0 {
			list = append(list, t)
		}
	}
	return list
}

// postDraft counts all cases and drafts the next release. It opens all statements, which is recorded as one event.
func (s *Server) postDraft(w http.ResponseWriter, r *http.Request, o opened) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	next, err := release.DraftNumbers(r.Context(), o.trustee, o.cases, statistics.Mode(r.PostForm.Get("mode")))
	if err != nil {
		s.numbers.clear()
		s.sendTo(w, r, "/numbers", noticeOf(err))
		return nil
	}
	s.numbers.set(func(d *numbersDraft) { *d = numbersDraft{randomHex(8), &next} })
	s.sendTo(w, r, "/numbers", Notice{Text: "A draft: nothing is published yet. What is published can't be called back, and no later release can say anything about these half-years."})
	return nil
}

// postPublish signs the draft and adds it to the ledger of releases.
func (s *Server) postPublish(w http.ResponseWriter, r *http.Request, o opened) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	draft := s.numbers.get()
	switch {
	case draft.next == nil:
		return exit.New(exit.Failed, "make a draft first", "there is nothing to publish")
	case r.PostForm.Get("draft") != draft.key:
		s.sendTo(w, r, "/numbers", Notice{Failed: true, Text: "Nothing was published: the draft was made again in another window. Read this one first."})
		return nil
	}
	if err := release.PublishNumbers(o.trustee, *draft.next); err != nil {
		s.sendTo(w, r, "/numbers", noticeOf(err))
		return nil
	}
	s.numbers.clear()
	s.sendTo(w, r, "/numbers", Notice{Text: "Published: signed, and kept in the vault's ledger of releases. Save the files below."})
	return nil
}

// numbersTypes are the media types of the files that statistics.File makes, by their endings.
var numbersTypes = map[string]string{".svg": "image/svg+xml", ".png": "image/png", ".csv": "text/csv; charset=utf-8"}

// getNumbersFile gives a file of what is published. An image that is not to be saved is shown.
func (s *Server) getNumbersFile(w http.ResponseWriter, r *http.Request, o opened) error {
	language, words, err := languageOf(r)
	if err != nil {
		return err
	}
	name, table := r.PathValue("name"), r.URL.Query().Get("table")
	content, err := release.NumbersFile(o.trustee, name, table, words)
	if err != nil {
		return err
	}
	mediaType := numbersTypes[path.Ext(name)]
	if r.URL.Query().Get("save") == "" && strings.HasPrefix(mediaType, "image/") {
		w.Header().Set("Content-Type", mediaType)
	} else {
		kind, ending, _ := strings.Cut(name, ".")
		if kind == "chart" {
			kind = table
		}
		attach(w, mediaType, "zapis-"+kind+"-"+language+"."+ending)
	}
	_, err = w.Write(content)
	return err
}
