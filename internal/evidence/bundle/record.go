package bundle

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"zapis/internal/incident"
)

// recordFormats are the formats of report.json and report.txt by the bundle's
// version. Version 2 has the same fields, and other words in report.txt.
var recordFormats = map[int]string{version1: "zapis/report/v1", version2: "zapis/report/v2"}

// A record is data/report/report.json: the account as disclosed, in one place.
// Answers, attachments and places repeat what the disclosure lines and the
// ledger prove; the checker builds the record again from those and compares
// bytes. Four things in it are claims that nothing else in the bundle proves:
// a submission's act, its time of receipt, its case, and the reason why
// something is withheld.
type record struct {
	Format      string       `json:"format"`
	Case        string       `json:"case"`
	Ledger      string       `json:"ledger"`
	Submissions []submission `json:"submissions"`
}

type submission struct {
	Act         string     `json:"act"`
	ReceivedAt  string     `json:"received_at"`
	Entry       *uint64    `json:"entry"`        // null while it waits for its slot
	PromisedFor *string    `json:"promised_for"` // the slot; null once it has an entry
	Body        string     `json:"body"`
	Disclosure  string     `json:"disclosure"` // the folder
	Answers     answers    `json:"answers"`
	Attachments []exhibit  `json:"attachments"`
	Withheld    []withheld `json:"withheld"`
}

// answers keeps the order of the vocabulary, which a Go map does not.
type answers []answer

type answer struct {
	Field string
	Value json.RawMessage // as committed; null where the reporter left it empty
}

// file returns the path of an exhibit according to the record.
func (s submission) file(name string) string {
	for _, e := range s.Attachments {
		if e.Exhibit == name {
			return e.File
		}
	}
	return ""
}

type exhibit struct {
	Exhibit   string `json:"exhibit"`
	File      string `json:"file"`
	SHA256    string `json:"sha256"`
	Size      int64  `json:"size"`
	MediaType string `json:"media_type"`
	Name      string `json:"name"`
}

type withheld struct {
	Field  string `json:"field"`
	Reason Reason `json:"reason"`
}

func (a answers) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, v := range a {
		if i > 0 {
			b = append(b, ',')
		}
		b = fmt.Appendf(b, "%q:", v.Field)
		b = append(b, v.Value...)
	}
	return append(b, '}'), nil
}

func (a *answers) UnmarshalJSON(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	if _, err := d.Token(); err != nil {
		return err
	}
	*a = answers{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		name, ok := key.(string)
		if _, known := incident.FieldByName(name); !ok || !known {
			return fmt.Errorf("an answer to something that is no question")
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return err
		}
		*a = append(*a, answer{name, value})
	}
	return nil
}

// marshal returns the record's one encoding: indented by two spaces, UTF-8, LF
// at the end.
func (r record) marshal() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(r); err != nil {
		return nil, fmt.Errorf("%s: %w", recordPath, err)
	}
	return b.Bytes(), nil
}

// parseRecord parses a record for its claims. Building the record again
// verifies the rest.
func parseRecord(text []byte) (record, error) {
	var r record
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		return record{}, misformed("not the JSON of a record")
	}
	if _, err := d.Token(); err != io.EOF {
		return record{}, misformed("something follows the record")
	}
	if r.Format != recordFormats[version1] && r.Format != recordFormats[version2] {
		return record{}, misformed("its format is neither %s nor %s", recordFormats[version1], recordFormats[version2])
	}
	if len(r.Submissions) == 0 || len(r.Submissions) > maxSubmissions {
		return record{}, misformed("it has %d submissions", len(r.Submissions))
	}
	for n, s := range r.Submissions {
		if !validAct(s.Act) {
			return record{}, misformed("submission %d: its act is not one of ours", n+1)
		}
		if (s.Act == string(incident.ActReport)) != (n == 0) {
			return record{}, misformed("submission %d: a case begins with a report, and has no other", n+1)
		}
		if t, err := time.Parse(timeLayout, s.ReceivedAt); err != nil || t.Format(timeLayout) != s.ReceivedAt {
			return record{}, misformed("submission %d: received at no time in UTC", n+1)
		}
		for _, w := range s.Withheld {
			if _, ok := reasons[w.Reason]; !ok {
				return record{}, misformed("submission %d: %s is withheld for a reason that is not on the list", n+1, printable(w.Field))
			}
		}
	}
	again, err := r.marshal()
	if err != nil || !bytes.Equal(again, text) {
		return record{}, misformed("it is not written the one way it may be")
	}
	return r, nil
}

// actCollected is the act of what a trustee obtained later; the reporter's own
// acts are incident's.
const actCollected = "exhibit"

func validAct(act string) bool {
	for _, a := range incident.Acts() {
		if string(a) == act {
			return true
		}
	}
	return act == actCollected
}
