package casework

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"zapis/crypto/ledger"
	"zapis/crypto/reporterkey"
	"zapis/crypto/seal"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/ledgercopy"
	"zapis/internal/trustee/vault"
)

// caseIndexEntry is what the index stores of a statement: enough to sort submissions into cases and to list them. Its
// only words are those that describe a deadline.
type caseIndexEntry struct {
	Body      ledger.Hash
	Act       string
	First     ledger.Hash // body hash of the case's first report: Body itself, in that one
	Received  time.Time
	Mailbox   ledger.Hash             // SHA-256 of the mailbox and the tag secret
	Fits      bool                    // whether the statement is the one that the entry committed to
	Number    uint64                  // of the reporter's submissions, from 1; 0 where none is committed
	Key       reporterkey.Fingerprint // that the statement commits to; zero where it has none
	Signature string                  // signatureNone, signatureGood or signatureBad

	Page string // the form's hidden field: another one for each page that was asked for

	Answers keptAnswers
}

// keptAnswers are the answers to fields in kept, in their order. A map would take three times the memory, and to list
// ten thousand cases is mostly memory.
type keptAnswers []keptAnswer

type keptAnswer struct {
	field  string
	values []string
}

// of returns the answer to a field; nil where there is none.
func (a keptAnswers) of(field string) []string {
	for _, one := range a {
		if one.field == field {
			return one.values
		}
	}
	return nil
}

// AppendText appends the entry as the index has it: words between spaces, then each kept answer as the field's name and
// its values in quotes.
func (g caseIndexEntry) AppendText(b []byte) ([]byte, error) {
	b = fmt.Appendf(b, "%s %s %s %x %s %d %t %q %q %q", g.Body, g.First, g.Mailbox, g.Key[:], g.Received.Format(time.RFC3339Nano), g.Number, g.Fits, g.Act, g.Signature, g.Page)
	for _, one := range g.Answers {
		b = append(append(b, ' '), one.field...)
		for _, value := range one.values {
			b = strconv.AppendQuote(append(b, ' '), value)
		}
	}
	return b, nil
}

// MarshalText is AppendText for JSON, in which an entry is a string.
func (g caseIndexEntry) MarshalText() ([]byte, error) { return g.AppendText(nil) }

// UnmarshalText is the inverse of AppendText. The entry's texts are parts of one copy of what follows the hashes.
func (g *caseIndexEntry) UnmarshalText(line []byte) error {
	for _, h := range []*ledger.Hash{&g.Body, &g.First, &g.Mailbox, (*ledger.Hash)(&g.Key)} {
		word, rest, _ := bytes.Cut(line, []byte(" "))
		if len(word) != hex.EncodedLen(len(h)) {
			return errIndexLine
		}
		if _, err := hex.Decode(h[:], word); err != nil {
			return errIndexLine
		}
		line = rest
	}
	w := words{rest: string(line)}
	received, number, fits := w.next(), w.next(), w.next()
	g.Act, g.Signature, g.Page = w.quoted(), w.quoted(), w.quoted()
	var err, err2 error
	g.Received, err = time.Parse(time.RFC3339Nano, received)
	g.Number, err2 = strconv.ParseUint(number, 10, 64)
	g.Fits = fits == "true"
	if err != nil || err2 != nil || !g.Fits && fits != "false" {
		return errIndexLine
	}
	g.Answers = make(keptAnswers, 0, len(kept))
	all := make([]string, 0, len(kept)) // the values of all answers
	for w.err == nil && w.rest != "" {
		field, from := w.next(), len(all)
		for strings.HasPrefix(w.rest, `"`) {
			all = append(all, w.quoted())
		}
		if len(all) == from {
			return errIndexLine
		}
		g.Answers = append(g.Answers, keptAnswer{field, all[from:len(all):len(all)]})
	}
	return w.err
}

var errIndexLine = errors.New("it is no line of the index")

// words takes a line apart.
type words struct {
	rest string
	err  error // the first
}

func (w *words) next() string {
	word, rest, _ := strings.Cut(w.rest, " ")
	w.rest = rest
	return word
}

func (w *words) quoted() string {
	quoted, err := strconv.QuotedPrefix(w.rest)
	if err != nil {
		w.rest, w.err = "", errIndexLine
		return ""
	}
	w.rest = strings.TrimPrefix(w.rest[len(quoted):], " ")
	text, err := strconv.Unquote(quoted)
	if err != nil {
		w.err = errIndexLine
	}
	return text
}

// caseIndex is the cache of entries: zapis/index/v5.
var caseIndex = vault.Cache{File: "index", Header: "zapis/index/v5 "}

// kept are the fields whose codes the index stores.
var kept = []string{"danger_now", "deadline", "deadline_what", "language", "method", "when", "country_event", "country_now", "target", "basis", "person_agrees", "consent"}

func newIndexEntry(genesis ledger.Hash, s ledgercopy.Submission, st *seal.StatementPart, fits bool) caseIndexEntry {
	g := caseIndexEntry{Body: s.Hash, Act: st.Act, First: st.Case, Received: st.Received, Fits: fits}
	g.Number, g.Key, g.Signature = st.Number, st.Key, signatureOf(genesis, st)
	if st.First() {
		g.First = s.Hash
	}
	g.Page = hex.EncodeToString(st.Form[:])
	if st.Form == [16]byte{} { // there was none; but a statement that the log contains twice is the same
		p, _ := ledgercopy.PartOf(s.Body, ledger.PartStatement)
		g.Page = p.Hash.String()
	}
	g.Mailbox = sha256.Sum256(append([]byte(st.Mailbox+"\n"), st.Tags[:]...))
	for _, field := range kept {
		if l, ok := st.Line(field); ok {
			if given := casefile.Texts(l); len(given) > 0 {
				g.Answers = append(g.Answers, keptAnswer{field, given})
			}
		}
	}
	return g
}
