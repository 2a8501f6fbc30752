// Package pdf renders the documents of a bundle for people: PDFs to print,
// sign and file, and one page for reading on a screen. It works on plain facts
// and proves nothing: its output is signed with the bundle and not compared
// with anything, which its pages state.
//
// The same facts yield the same bytes.
package pdf

import "time"

// Facts are the content of the documents.
type Facts struct {
	Case, Ledger, Origin string
	Made                 time.Time
	Tool                 string
	Signer, Fingerprint  string
	Forum                Forum

	Size       uint64 // of the ledger, under the checkpoint
	Root       string // hex
	Signed     time.Time
	Witnesses  int // signature lines of others on the checkpoint, not verified
	Tokens     []Token
	SetAt      uint64
	Trustees   []string
	Identity   bool // included
	Submission []Submission
	Derived    []Derived

	Version     int     // of the bundle's format
	Events      []Event // those that are shown
	EventsTotal int
	Head        string
	Fixed       []uint64 // custody entries that hold earlier heads
}

// Token is outside evidence of time: of an authority, or of a witness. It is
// not verified.
type Token struct {
	Entry uint64 // the anchor entry that holds it
	Size  uint64 // how many entries it covers
	Text  string // the authority or witness, and the time
}

// Submission is one report or follow-up.
type Submission struct {
	Name         string // the report, follow-up 1
	Title        string // REPORT, FOLLOW-UP, …
	Received     string // as the signer states it
	Ours         bool   // collected by a trustee, whose clock set the time
	Entry        *uint64
	Promised     string // the slot, while there is no entry
	Body         string
	Hash         string // the entry's
	Previous     string
	Folder       string
	Language     string // of the form: be, ru, …; empty where it is not shown
	Answers      []Answer
	Exhibits     []Exhibit
	Withheld     []Withheld
	Keys         []string // parts whose keys are in the bundle
	Committed    bool     // act, time and case are committed to by the entry
	SealedTo     []string // the trustees that each part was sealed to; empty while it is no entry
	Translations []Translation
	Between      string // the times between which it was added, if the tokens are valid; or empty
}

// Translation is a translation of the narrative.
type Translation struct{ Language, By, Keeper, At, Text string }

// Answer is one disclosed question.
type Answer struct {
	Field  string
	Label  string   // English
	Values []string // as committed: codes, or text; none where it was left empty
}

// Exhibit is a file in the bundle.
type Exhibit struct {
	Number, File, SHA256, MediaType, Name string
	Size                                  int64
}

// Derived is an included working copy.
type Derived struct{ Of, File, MediaType, Note string }

// Withheld is what is not in the bundle, and the reason.
type Withheld struct{ Field, Label, Reason string }

// Event is one act of the custody log.
type Event struct {
	Number                        uint64
	At                            time.Time
	By, Fingerprint               string
	Act, Case, Subject, Tool, Why string
	In, Out                       string
}

// Forum is the court or office that the bundle is for, which changes the words
// of the certificate.
type Forum string

const (
	ForumPlain Forum = ""   // European and international courts, and everybody else
	ForumUS    Forum = "us" // Federal Rules of Evidence 902(13), (14), (11); 28 U.S.C. § 1746
)

// Valid reports whether the forum is known.
func (f Forum) Valid() bool { return f == ForumPlain || f == ForumUS }

// Document is one of the files that All renders.
type Document struct {
	Path string // in the bundle
	Data []byte
}

// The documents' paths.
const (
	IndexPath       = "data/00_index.pdf"
	CustodyPath     = "data/01_chain-of-custody.pdf"
	CertificatePath = "data/02_certificate.pdf"
	ReportPath      = "data/report/report.pdf"
	ScreenPath      = "data/index.html"
)

// All renders every document.
func All(f Facts) ([]Document, error) {
	var out []Document
	for _, d := range []struct {
		path string
		make func(Facts) ([]byte, error)
	}{{IndexPath, index}, {CustodyPath, custody}, {CertificatePath, certificate}, {ReportPath, report}, {ScreenPath, screen}} {
		data, err := d.make(f)
		if err != nil {
			return nil, err
		}
		out = append(out, Document{d.path, data})
	}
	return out, nil
}
