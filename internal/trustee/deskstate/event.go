package deskstate

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"zapis/crypto/card"
)

// Version is the version of the encoding that Marshal writes and Parse reads.
const Version = 1

const (
	maxEvent      = 65_000 // bytes of one encoded event: a sealed message holds one, with what stands around it
	maxSupersedes = 64
	maxCase       = 80
	timeLayout    = "2006-01-02T15:04:05Z"
)

// Kind is the kind of an event.
type Kind string

const (
	KindState   Kind = "state"   // payload from, to: a move of the table Moves
	KindSet     Kind = "set"     // payload field and value, or field and the parts of a record
	KindNote    Kind = "note"    // payload text
	KindLink    Kind = "link"    // payload type, other: this case is type of the other
	KindRefuse  Kind = "refuse"  // payload other, reason: this suggested link is no link
	KindRead    Kind = "read"    // payload upto: the author has read the case up to this ledger entry
	KindConfirm Kind = "confirm" // payload event: a second person agrees with that event
	KindUndo    Kind = "undo"    // Undoes names the event
)

// Event is one act of one trustee on one case.
type Event struct {
	By         string            // the trustee's name, as on the card
	Number     uint64            // counts the events of this trustee, from 1
	Time       time.Time         // UTC, whole seconds, by the author's clock; it orders nothing
	Case       string            // as the vault names it
	Kind       Kind              //
	Payload    map[string]string // by kind; "why" is allowed in each
	Supersedes []string          // IDs of what this replaces, ascending
	Undoes     string            // ID, of an undo only
}

// wire fixes the order of the members.
type wire struct {
	V          int               `json:"v"`
	By         string            `json:"by"`
	Number     uint64            `json:"number"`
	Time       string            `json:"time"`
	Case       string            `json:"case"`
	Kind       Kind              `json:"kind"`
	Payload    map[string]string `json:"payload"`
	Supersedes []string          `json:"supersedes"`
	Undoes     string            `json:"undoes"`
}

// ErrEvent is the class of every refusal of an event.
var ErrEvent = errors.New("not an event of the desk")

type refusal string

func (r refusal) Error() string        { return string(r) }
func (r refusal) Is(target error) bool { return target == ErrEvent }

func refuse(format string, args ...any) error { return refusal(fmt.Sprintf(format, args...)) }

// Marshal writes the canonical encoding: one line without LF, members in a fixed order, the payload's keys in
// ascending order, no spaces between tokens.
func (e Event) Marshal() []byte {
	w := wire{Version, e.By, e.Number, e.Time.UTC().Format(timeLayout), e.Case, e.Kind, e.Payload, e.Supersedes, e.Undoes}
	if w.Payload == nil {
		w.Payload = map[string]string{}
	}
	if w.Supersedes == nil {
		w.Supersedes = []string{}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(w); err != nil {
		panic("deskstate: " + err.Error()) // strings and numbers always encode
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// ID returns the event's ID: SHA-256 over Marshal, in lower-case hexadecimal.
func (e Event) ID() string {
	sum := sha256.Sum256(e.Marshal())
	return hex.EncodeToString(sum[:])
}

// Parse parses one event and refuses every encoding but the canonical one. An error is an ErrEvent.
func Parse(line []byte) (Event, error) {
	if len(line) > maxEvent {
		return Event{}, refuse("event: it has %d bytes, and at most %d are allowed", len(line), maxEvent)
	}
	var w wire
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&w); err != nil {
		return Event{}, refuse("event: not JSON of the expected members")
	}
	if w.V != Version {
		return Event{}, refuse("event: version %d, and this program reads version %d", w.V, Version)
	}
	at, err := time.Parse(timeLayout, w.Time)
	if err != nil {
		return Event{}, refuse("event: the time is not UTC to the second (2006-01-02T15:04:05Z)")
	}
	e := Event{w.By, w.Number, at, w.Case, w.Kind, w.Payload, w.Supersedes, w.Undoes}
	if !bytes.Equal(e.Marshal(), line) {
		return Event{}, refuse("event: not in the canonical encoding")
	}
	return e, e.Check()
}

// Check refuses an event that is invalid by itself, whatever the log holds. An error is an ErrEvent.
func (e Event) Check() error {
	if err := card.CheckName(e.By); err != nil {
		return refuse("event: by: %v", err)
	}
	switch {
	case e.Number == 0:
		return refuse("event: numbers start at 1")
	case e.Case == "" || len(e.Case) > maxCase || strings.Trim(e.Case, "abcdefghijklmnopqrstuvwxyz0123456789") != "":
		return refuse("event: a case is named by lower-case letters and digits")
	case len(e.Supersedes) > maxSupersedes:
		return refuse("event: it supersedes %d, and at most %d are allowed", len(e.Supersedes), maxSupersedes)
	case !slices.IsSorted(e.Supersedes) || len(slices.Compact(slices.Clone(e.Supersedes))) != len(e.Supersedes):
		return refuse("event: what it supersedes is not in ascending order")
	case (e.Kind == KindUndo) != (e.Undoes != ""):
		return refuse("event: an undo names one event, and no other kind does")
	}
	for _, id := range e.Supersedes {
		if !isID(id) {
			return refuse("event: %.70q is no event's name", id)
		}
	}
	if e.Undoes != "" && !isID(e.Undoes) {
		return refuse("event: %.70q is no event's name", e.Undoes)
	}
	if err := e.checkPayload(); err != nil {
		return err
	}
	if n := len(e.Marshal()); n > maxEvent {
		return refuse("event: it has %d bytes, and at most %d are allowed", n, maxEvent)
	}
	return nil
}

func isID(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == ""
}

// checkText refuses a text that is too long, not UTF-8, or has control characters other than tab and line feed.
func checkText(what, s string, limit int) error {
	switch {
	case strings.TrimSpace(s) == "":
		return refuse("%s: it is empty", what)
	case len(s) > limit:
		return refuse("%s: it has %d bytes, and at most %d are allowed", what, len(s), limit)
	case !utf8.ValidString(s):
		return refuse("%s: it is not UTF-8", what)
	case strings.ContainsFunc(s, func(c rune) bool { return c < ' ' && c != '\n' && c != '\t' || c >= 0x7f && c < 0xa0 }):
		return refuse("%s: it has control characters", what)
	}
	return nil
}
