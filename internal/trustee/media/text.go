package media

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"

	"zapis/internal/escape"
)

// visible escapes characters that are invisible, change the direction of text or move a cursor: a right-to-left
// override becomes \u{202e}. Line ends and tabs stay.
func visible(text string) string {
	if !strings.ContainsRune(text, '\t') {
		return escape.Lines(text)
	}
	cells := strings.Split(text, "\t")
	for i, c := range cells {
		cells[i] = escape.Lines(c)
	}
	return strings.Join(cells, "\t")
}

// decodeText returns a text as UTF-8. charset is the declared one, or empty. guessed is set where none was declared.
func decodeText(b []byte, charset string) (text string, guessed bool) {
	var e encoding.Encoding
	switch {
	case bytes.HasPrefix(b, []byte("\xef\xbb\xbf")):
		b = b[3:]
	case bytes.HasPrefix(b, []byte("\xff\xfe")), bytes.HasPrefix(b, []byte("\xfe\xff")):
		e = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	case charset != "":
		e, _ = htmlindex.Get(charset)
	}
	if e == nil && !utf8.Valid(b) {
		e, guessed = guess(b), true
	}
	if e != nil {
		if out, err := e.NewDecoder().Bytes(b); err == nil {
			b = out
		}
	}
	return strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(b)), guessed
}

// guess selects a Cyrillic or Western single-byte encoding: in Cyrillic text most bytes above ASCII follow another
// one.
func guess(b []byte) encoding.Encoding {
	high, pairs := 0, 0
	for i, c := range b[:min(len(b), 64<<10)] {
		if c >= 0xc0 {
			high++
			if i > 0 && b[i-1] >= 0xc0 {
				pairs++
			}
		}
	}
	if pairs*2 > high {
		return charmap.Windows1251
	}
	return charmap.Windows1252
}

func showText(r *Request, v *View) error {
	if bytes.IndexByte(r.Data[:min(len(r.Data), 4096)], 0) >= 0 && !bytes.HasPrefix(r.Data, []byte("\xff\xfe")) && !bytes.HasPrefix(r.Data, []byte("\xfe\xff")) {
		return refuse(NotShown)
	}
	text, guessed := decodeText(r.Data, "")
	if guessed {
		v.Notes = append(v.Notes, NoteGuessed)
	}
	if v.MediaType != "text/plain" && scriptedText(text) {
		v.Notes = append(v.Notes, NoteScripts)
	}
	return pageOf(text, r, v)
}

func scriptedText(text string) bool {
	head := strings.ToLower(text[:min(len(text), 1<<20)])
	return strings.Contains(head, "<script") || strings.Contains(head, "javascript:")
}

// pageOf cuts a text into pages at line ends, where there are any.
func pageOf(text string, r *Request, v *View) error {
	v.Shape = ShapeText
	pages := 0
	for {
		end := len(text)
		if end > textPage {
			end = textPage
			if i := strings.LastIndexByte(text[:end], '\n'); i > textPage/2 {
				end = i + 1
			}
			for end < len(text) && !utf8.RuneStart(text[end]) {
				end--
			}
		}
		if pages == r.Page {
			v.Text = visible(text[:end])
		}
		pages++
		if text = text[end:]; text == "" {
			break
		}
	}
	v.Pages = pages
	if r.Page >= pages {
		return refuse(NoSuchPage)
	}
	return nil
}
