package main

import (
	"io"
	"os"
	"strings"

	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/exit"
	"zapis/internal/trustee/review"
)

// wordsFlags say where a verb takes a trustee's own words from. There is no editor: editors leave copies of what
// was typed in places of their own.
type wordsFlags struct {
	Text string `placeholder:"WORDS" help:"The words themselves. Your shell may remember them: --file does not."`
	File string `placeholder:"FILE" help:"A file that holds the words; - for what you type or pipe in, which is also what is read where you say nothing. Ctrl-D ends it."`
}

// read gives the words. Nothing of them is written anywhere by this.
func (f wordsFlags) read(s *cli.Streams) (string, error) {
	if f.Text != "" && f.File != "" {
		return "", exit.New(exit.Usage, "", "give --text or --file, not both")
	}
	if f.Text != "" {
		return checkedWords(f.Text)
	}
	in := s.In
	if typed, ok := in.(*os.File); ok && (f.File == "" || f.File == "-") {
		if info, err := typed.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			escape.Fprintln(s.Err, "Type the words; Ctrl-D on a line of its own ends them.")
		}
	}
	if f.File != "" && f.File != "-" {
		file, err := os.Open(f.File)
		if err != nil {
			return "", err
		}
		defer file.Close()
		in = file
	}
	text, err := io.ReadAll(io.LimitReader(in, review.MaxText+1))
	if err != nil {
		return "", err
	}
	if len(text) > review.MaxText {
		return "", exit.New(exit.Usage, "say it in several", "the words have more than %d bytes", review.MaxText)
	}
	return checkedWords(string(text))
}

// lineEnds are the ends of lines and pages that Windows, word processors and PDFs write.
var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\v", "\n", "\f", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n")

// checkedWords gives words as they are kept: without a byte order mark, each line ended by a line feed.
func checkedWords(given string) (string, error) {
	text := lineEnds.Replace(strings.TrimPrefix(given, "\ufeff"))
	if err := review.CheckText(text); err != nil {
		return "", exit.New(exit.Usage, "--text WORDS, or --file with plain text in UTF-8, or type them", "%w", err)
	}
	return text, nil
}

// optional is read, where saying nothing means that there are no words.
func (f wordsFlags) optional(s *cli.Streams) (string, error) {
	if f.Text == "" && f.File == "" {
		return "", nil
	}
	return f.read(s)
}
