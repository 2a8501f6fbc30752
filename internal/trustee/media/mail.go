package media

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/text/encoding/htmlindex"
)

const (
	maxMailParts = 200
	maxMailDepth = 6
)

// headings are the lines of a mail's header that are shown, in this order. The whole header is in the file.
var headings = []string{"From", "Sender", "Reply-To", "To", "Cc", "Date", "Subject", "Received", "Message-Id", "X-Mailer", "User-Agent"}

// A letter collects a mail's text and the list of its attachments.
type letter struct {
	text     strings.Builder
	attached []string
	parts    int
	html     bool
}

// words decodes encoded words in a header (RFC 2047).
var words = mime.WordDecoder{CharsetReader: func(charset string, r io.Reader) (io.Reader, error) {
	e, err := htmlindex.Get(charset)
	if err != nil {
		return nil, err
	}
	return e.NewDecoder().Reader(r), nil
}}

func showMail(r *Request, v *View) error {
	data := r.Data
	if bytes.HasPrefix(data, []byte("From ")) { // mbox
		_, data, _ = bytes.Cut(data, []byte("\n"))
	}
	m, err := mail.ReadMessage(bytes.NewReader(data))
	if err != nil {
		return showText(r, v) // its content is still text
	}
	l := new(letter)
	for _, name := range headings {
		for _, value := range m.Header[name] {
			if plain, err := words.DecodeHeader(value); err == nil {
				value = plain
			}
			fmt.Fprintf(&l.text, "%s: %s\n", name, strings.Join(strings.Fields(value), " "))
		}
	}
	l.text.WriteByte('\n')
	l.part(header(m.Header), m.Body, 0)
	if len(l.attached) > 0 {
		l.text.WriteString("\n\n" + strings.Join(l.attached, "\n") + "\n")
	}
	if l.html {
		v.Notes = append(v.Notes, NoteHTML)
	}
	return pageOf(l.text.String(), r, v)
}

// header is the common type of mail.Header and multipart's header.
type header map[string][]string

func (h header) get(name string) string {
	if v := h[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

func (l *letter) part(h header, body io.Reader, depth int) {
	l.parts++
	kind, parameters, err := mime.ParseMediaType(h.get("Content-Type"))
	if err != nil && kind == "" {
		kind = "text/plain"
	}
	if strings.HasPrefix(kind, "multipart/") && depth < maxMailDepth && parameters["boundary"] != "" {
		l.multipart(kind, multipart.NewReader(body, parameters["boundary"]), depth)
		return
	}
	content, _ := io.ReadAll(io.LimitReader(decoded(h.get("Content-Transfer-Encoding"), body), MaxInput))
	disposition, more, _ := mime.ParseMediaType(h.get("Content-Disposition"))
	name := more["filename"]
	if name == "" {
		name = parameters["name"]
	}
	if plain, err := words.DecodeHeader(name); err == nil {
		name = plain
	}
	switch {
	case disposition != "attachment" && name == "" && (kind == "text/plain" || kind == ""):
		text, _ := decodeText(content, parameters["charset"])
		l.text.WriteString(text)
	case disposition != "attachment" && name == "" && kind == "text/html":
		text, _ := decodeText(content, parameters["charset"])
		l.text.WriteString(plainText(text))
		l.html = true
	default:
		l.attached = append(l.attached, fmt.Sprintf("[%s, %s, %d bytes]", name, kind, len(content)))
	}
}

// multipart reads the parts. Of alternatives the first text is shown.
func (l *letter) multipart(kind string, r *multipart.Reader, depth int) {
	for l.parts < maxMailParts {
		p, err := r.NextRawPart()
		if err != nil {
			return
		}
		before := l.text.Len()
		l.part(header(p.Header), p, depth+1)
		if kind == "multipart/alternative" && l.text.Len() > before {
			return
		}
	}
}

func decoded(encoding string, body io.Reader) io.Reader {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		return quotedprintable.NewReader(body)
	}
	return body
}

// plainText returns the words of an HTML page. Hidden elements are included: nothing is laid out.
func plainText(page string) string {
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(page))
	skip := false
	for {
		switch z.Next() {
		case html.ErrorToken:
			return b.String()
		case html.TextToken:
			if words := strings.Join(strings.Fields(string(z.Text())), " "); !skip && words != "" {
				b.WriteString(html.UnescapeString(words) + " ")
			}
		case html.StartTagToken, html.SelfClosingTagToken, html.EndTagToken:
			name, _ := z.TagName()
			switch string(name) {
			case "script", "style":
				skip = z.Token().Type == html.StartTagToken
			case "br", "p", "div", "tr", "li", "h1", "h2", "h3", "blockquote", "table":
				b.WriteByte('\n')
			}
		}
	}
}
