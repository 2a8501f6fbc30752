package sample

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"filippo.io/age"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/crypto/reporterkey"
	"zapis/crypto/seal"
	"zapis/internal/incident"
)

// audience is the recipients of the parts of every report, as in the intake.
type audience struct {
	signal, statement, identity *seal.Recipients
}

func newAudience(s ledger.TrusteeSet) (audience, error) {
	of := func(k int, cards []card.Card) (*seal.Recipients, error) {
		keys := make([]string, len(cards))
		for i, c := range cards {
			keys[i] = c.Age
		}
		return seal.NewRecipients(k, keys...)
	}
	var a audience
	var err error
	if a.signal, err = of(1, s.SignalCards()); err != nil {
		return a, err
	}
	if a.statement, err = of(s.Quorum.Statement, s.Trustees); err != nil {
		return a, err
	}
	a.identity, err = of(s.Quorum.Identity, s.Trustees)
	return a, err
}

// report is one that was sealed and has no entry yet.
type report struct {
	body  ledger.Body
	files [][]byte
}

// narrative is as long as many that people write: some 2,000 characters.
var narrative = strings.Repeat("They rang at six in the morning and asked for my brother, who has not lived here for years. ", 22)

// words returns the answers of the n-th report: invented, and a little different each time.
func words(n int, received time.Time) (*incident.Report, error) {
	methods := incident.Methods()
	r, errs := incident.Validate(incident.Form{
		"danger_now":    {[]string{"no", "unsure", "yes"}[n%3]},
		"narrative":     {fmt.Sprintf("Report %d. %s", n, narrative)},
		"language":      {"be"},
		"method":        {methods[n%len(methods)].Code},
		"country_event": {[]string{"PL", "LT", "GE", "DE"}[n%4]},
		"country_now":   {"PL"},
		"target":        {"relative"},
		"basis":         {"told_by_person"},
		"person_agrees": {"yes"},
		"consent":       {"store", "statistics", "lawyer"},
		"contact":       {fmt.Sprintf("person%d@example.org", n)},
	}, received, incident.ActReport)
	if errs != nil {
		return nil, errs
	}
	return r, nil
}

// seal makes the n-th report: commits to its answers and seals its three parts. Any goroutine may call it.
func (a audience) seal(n int, received time.Time) (report, error) {
	r, err := words(n, received)
	if err != nil {
		return report{}, err
	}
	// A code's keys would take 20 ms each: the mailbox and the key are ones without a code.
	box, err := age.GenerateHybridIdentity()
	if err != nil {
		return report{}, err
	}
	tags := ledger.Sum([]byte(box.String()))
	head := seal.Head{Act: string(incident.ActReport), Number: 1, Received: received, Key: reporterkey.Fingerprint(ledger.Sum(tags[:]))}
	values := head.Values()
	for _, v := range incident.Newest().Values(r) {
		if v.JSON != nil {
			values[v.Field] = v.JSON
		}
	}
	lines, err := seal.Commit(incident.Newest().FieldNames(), values)
	if err != nil {
		return report{}, err
	}
	items, who := seal.Split(lines, nil)
	st := &seal.StatementPart{Head: head, Mailbox: box.Recipient().String(), Tags: tags, Items: items}
	statement, err := st.Marshal()
	if err != nil {
		return report{}, err
	}
	identity, err := who.Marshal()
	if err != nil {
		return report{}, err
	}
	signal, err := seal.SignalPart{Act: st.Act, Danger: r.One("danger_now"), Language: r.One("language")}.Marshal()
	if err != nil {
		return report{}, err
	}
	out := report{body: ledger.Body{Kind: ledger.KindReport, Commitments: seal.ListingOf(lines).Hash()}}
	for _, p := range []struct {
		kind    seal.Kind
		to      *seal.Recipients
		content []byte
	}{{seal.Signal, a.signal, signal}, {seal.Statement, a.statement, statement}, {seal.Identity, a.identity, identity}} {
		var file bytes.Buffer
		if _, err := seal.Seal(&file, p.kind, p.to, bytes.NewReader(p.content)); err != nil {
			return report{}, err
		}
		out.files = append(out.files, file.Bytes())
		out.body.Parts = append(out.body.Parts, ledger.Part{Kind: string(p.kind), Hash: ledger.Sum(file.Bytes()), Size: int64(file.Len())})
	}
	return out, nil
}
