package main

import (
	"bytes"
	"context"
	"encoding/json"
	"time"

	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/exit"
	"zapis/internal/incident"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/casework"
)

// showCmd opens a case.
type showCmd struct {
	caseFlags
	JSON bool   `name:"json" help:"Write one object."`
	For  string `placeholder:"ADDRESSEE" help:"Say too what this addressee will ask for and the case lacks: lawyer, police, court, un, ccf and so on."`
}

func (c *showCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	if _, ok := casefile.AddresseeByCode(c.For); c.For != "" && !ok {
		return exit.New(exit.Usage, "", "there is no addressee %q", c.For)
	}
	return c.withCase(ctx, s, g, func(v *casework.Trustee, one *casework.Case) error {
		return c.show(s, v, one)
	})
}

func (c *showCmd) show(s *cli.Streams, v *casework.Trustee, one *casework.Case) error {
	o, err := openedCase(s, v, one)
	if err != nil {
		return err
	}
	if c.JSON {
		err = escape.JSON(s.Out, shownOf(o))
	} else {
		err = writeCase(s, o)
	}
	if err == nil && c.For != "" {
		err = lacking(s, v, o, c.For)
	}
	if err == nil && !o.Fits {
		err = exit.New(exit.Mismatch, "do not rely on it, and say so to the other trustees", "the case does not fit its entries, as said above")
	}
	return err
}

// lacking says what an addressee will ask for and the case does not have.
func lacking(s *cli.Streams, v *casework.Trustee, o *casefile.Case, code string) error {
	log, err := v.Desk()
	if err != nil {
		return err
	}
	to, _ := casefile.AddresseeByCode(code)
	for _, clause := range casework.Lacks(o, log.Case(o.ID), to) {
		escape.Fprintf(s.Err, "For %s the case lacks %s.\n", to.English, clause)
	}
	return nil
}

// shown is a case in show --json.
type shown struct {
	Case        string     `json:"case"`
	Index       *uint64    `json:"index"`
	ReceivedAt  time.Time  `json:"received_at"`
	Answers     values     `json:"answers"`  // of the first report, as given
	Identity    *values    `json:"identity"` // also null where it was not opened
	Attachments []attached `json:"attachments"`
	Fits        bool       `json:"commitments_ok"`
	Consent     []string   `json:"consent"` // in force
	Withdrawn   *string    `json:"withdrawn"`
	Closed      *string    `json:"identity_closed"` // why it was not opened
	FollowUps   []followUp `json:"follow_ups"`
	Reviews     []reviewed `json:"reviews"`
	Holds       []held     `json:"holds"`
	SamePage    *string    `json:"same_page"`       // another case, sent from the same page of the form
	OffSlot     *string    `json:"time_off_slot"`   // why the report's time can't be that of its slot; null where it can
	Missing     []uint64   `json:"numbers_missing"` // of the reporter's submissions
	Twice       []uint64   `json:"numbers_twice"`
}

type attached struct {
	Exhibit   string  `json:"exhibit"`
	Name      *string `json:"name"`
	MediaType *string `json:"media_type"`
	Size      *int64  `json:"size"`
	SHA256    *string `json:"sha256"`
	Closed    *string `json:"closed"` // why it can't be opened; null where it can
}

type followUp struct {
	Act        string    `json:"act"`
	Index      *uint64   `json:"index"`
	ReceivedAt time.Time `json:"received_at"`
	Answers    values    `json:"answers"`
	Identity   *values   `json:"identity"`
	Exhibits   []string  `json:"exhibits"`
	Collector  *string   `json:"collected_by"`  // the trustee who has signed for an exhibit
	Signed     string    `json:"signed"`        // signed, unsigned, wrong, unknown, from-before or by-a-trustee
	OffSlot    *string   `json:"time_off_slot"` // as for the report
}

// values are answers by field, in the vocabulary's order.
type values []value

type value struct {
	field string
	json  []byte // as committed; nil for null
}

func (v values) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, one := range v {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(one.field)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		if one.json == nil {
			b.WriteString("null")
		}
		b.Write(one.json)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func shownOf(o *casefile.Case) shown {
	out := shown{
		Case: o.ID, Index: o.Summary.Index, ReceivedAt: o.Summary.Received, Answers: values{}, Attachments: []attached{}, Fits: o.Fits,
		Consent: notNull(o.Summary.Consent), Withdrawn: orNull(o.Summary.Withdrawn), FollowUps: []followUp{}, Reviews: reviewsOf(o), Holds: holdsOf(&o.Summary), SamePage: orNull(o.Summary.SamePage),
		Missing: notNullNumbers(o.Summary.Numbering.Missing), Twice: notNullNumbers(o.Summary.Numbering.Twice),
	}
	for i, sub := range o.Submissions {
		if i == 0 && !o.Summary.Missing {
			out.Answers, out.Identity, out.Closed = answersOf(sub), identityOf(sub), orNull(sub.Closed)
			out.OffSlot = orNull(sub.OffSlot)
		} else {
			f := followUp{Act: sub.Act, ReceivedAt: sub.Received, Index: sub.Index, Answers: answersOf(sub), Identity: identityOf(sub), Exhibits: []string{},
				Signed: string(sub.Author), OffSlot: orNull(sub.OffSlot)}
			if sub.Collector != nil {
				f.Collector = &sub.Collector.Name
			}
			for _, e := range o.ExhibitsOf(sub) {
				f.Exhibits = append(f.Exhibits, e.Name)
			}
			out.FollowUps = append(out.FollowUps, f)
		}
		for _, e := range o.ExhibitsOf(sub) {
			out.Attachments = append(out.Attachments, attachedOf(e))
		}
	}
	return out
}

func notNullNumbers(list []uint64) []uint64 {
	if list == nil {
		return []uint64{}
	}
	return list
}

func answersOf(s casefile.Submission) values {
	out := values{}
	for _, f := range incident.Fields() {
		if l, ok := s.Lines.Line(f.Name); ok && !f.Identity {
			out = append(out, value{f.Name, l.Value})
		}
	}
	return out
}

func identityOf(s casefile.Submission) *values {
	if s.IdentityLines == nil {
		return nil
	}
	out := values{}
	for _, name := range incident.IdentityNames() {
		if l, ok := s.IdentityLines.Line(name); ok {
			out = append(out, value{name, l.Value})
		}
	}
	return &out
}

func attachedOf(e casefile.Exhibit) attached {
	a := attached{Exhibit: e.Name, Closed: orNull(e.Closed)}
	if e.Described() {
		a.Name, a.MediaType, a.Size, a.SHA256 = &e.Original, &e.MediaType, &e.Size, &e.SHA256
	}
	return a
}
