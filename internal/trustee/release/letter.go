package release

import (
	"crypto/sha256"
	"strings"

	"zapis/internal/evidence/custody"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/letter"
)

// LetterOptions are the options of a letter.
type LetterOptions struct {
	To           casefile.Addressee
	Language     string
	Exhibits     []string // named as annexes, confidential
	Communicable []string // named as annexes that may be communicated
	Identity     bool
	Leave        casefile.Leave
}

// Letter drafts a letter about a case, records it, and then calls write with the text.
func Letter(t *casework.Trustee, c *casework.Case, o LetterOptions, write func(text []byte) error) error {
	g := gate{t}
	var opened *casefile.Case
	var text []byte
	return g.pass(request{kind: toAddressee, cases: []*casework.Case{c}, to: o.To, leave: o.Leave, identity: o.Identity,
		read: g.show(c, &opened),
		prepare: func([]*casefile.Case) ([]custody.Record, error) {
			in := letter.Input{To: o.To, Language: o.Language, Case: *opened, WithIdentity: o.Identity}
			var err error
			if in.Annexes, err = opened.Annexes(o.To, o.Exhibits, o.Communicable, o.Identity); err != nil {
				return nil, err
			}
			if text, err = letter.Draft(in); err != nil {
				return nil, err
			}
			return []custody.Record{exportRecord(c.ID, letterSubject(o.To, in.Annexes), o.Identity, text, opened.Allowed.Why(o.To, o.Leave))}, nil
		},
		act: func() error { return write(text) }})
}

// letterSubject returns the subject of the custody event: what was drafted, and the mark of each exhibit that it
// names.
func letterSubject(to casefile.Addressee, annexes []casefile.Annex) string {
	lines := []string{"letter to " + to.English}
	for _, a := range annexes {
		lines = append(lines, a.Name+" "+string(a.Mark))
	}
	return strings.Join(lines, "; ")
}

// exportRecord returns the event of a file that is made from a case, or from many where id is empty.
func exportRecord(id, what string, identity bool, made []byte, why string) custody.Record {
	if identity {
		what += ", with the identity"
	}
	return custody.Record{Act: custody.Exported, Case: id, Subject: what, Out: custody.Hex(sha256.Sum256(made)), Why: why}
}
