package casework

import (
	"bytes"
	"fmt"
	"strings"

	"zapis/internal/evidence/custody"
	"zapis/internal/exit"
	"zapis/internal/trustee/casefile"
)

// ViewExhibit opens an exhibit of at most limit bytes into memory. That it is opened is recorded first.
func (v *Trustee) ViewExhibit(c *Case, e casefile.Exhibit, limit int64) ([]byte, error) {
	switch {
	case e.Closed != "":
		return nil, exit.New(exit.KeyMissing, "ask the other trustees for their shares", "%s is closed: %s", e.Name, e.Closed)
	case e.Size > limit:
		return nil, exit.Advise(exit.Failed, exit.ExtractToFolder.With(), "%s has %d bytes, and at most %d are shown", e.Name, e.Size, limit)
	}
	record := custody.Record{By: v.By(), Act: custody.Opened, Case: c.ID, In: e.Part.Hash.String(), Out: e.SHA256, Subject: fmt.Sprintf("%s (%s)", e.Name, e.Place)}
	if _, err := v.Custody.Record(record); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := v.OpenExhibit(&b, e); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Redaction is a copy of an exhibit with boxes burned into it.
type Redaction struct {
	PNG    []byte
	Page   int // from 0
	Boxes  int
	Reason string // one line
}

// KeepRedacted brings a redacted copy into the case, as an exhibit that names what it was made from and why. The original
// stays as it is. It gives the copy's name.
func (v *Trustee) KeepRedacted(c *Case, of casefile.Exhibit, r Redaction) (string, error) {
	if strings.TrimSpace(r.Reason) == "" {
		return "", exit.New(exit.Usage, "say in one line why", "a redacted copy needs a reason")
	}
	names, err := v.Collect(c, Collected{
		Made:   []Made{{Name: of.Name + "-redacted.png", Content: r.PNG}},
		Source: fmt.Sprintf("%s of this case, SHA-256 %s", of.Name, of.SHA256),
		How:    fmt.Sprintf("page %d, %d boxes burned in, encoded again without metadata: %s", r.Page+1, r.Boxes, r.Reason),
		Tool:   v.Tool(),
	})
	if err != nil {
		return "", err
	}
	return names[0], nil
}
