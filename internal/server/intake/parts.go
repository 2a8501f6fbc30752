package intake

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"zapis/crypto/ledger"
	"zapis/crypto/reportcode"
	"zapis/crypto/seal"
	"zapis/internal/incident"
	"zapis/store"
)

// seal makes everything that the store keeps of a submission.
func (d *Draft) seal(ctx context.Context, s submission, to *recipients) (store.Submission, error) {
	identify := d.identify || s.report.FilesIdentify()
	for _, f := range d.files {
		if err := ctx.Err(); err != nil { // they left while we were sealing
			return store.Submission{}, err
		}
		if want := to.files(identify); !sameReaders(f.to, want) {
			if err := f.reseal(d.in, want); err != nil {
				return store.Submission{}, err
			}
		}
	}
	lines, err := d.commit(s, to.schema)
	if err != nil {
		return store.Submission{}, err
	}
	defer wipeLines(lines)
	var out store.Submission
	out.Body = ledger.Body{
		Kind: ledger.KindReport, Trustees: to.index, Commitments: seal.ListingOf(lines).Hash(),
	}
	small, err := s.smallParts(lines, identify, len(d.files))
	if err != nil {
		return store.Submission{}, err
	}
	for _, p := range small {
		defer clear(p.content)
	}
	for _, p := range small {
		var b bytes.Buffer
		sealed, err := seal.Seal(&b, p.kind, p.to(to), bytes.NewReader(p.content))
		if err != nil {
			return store.Submission{}, fmt.Errorf("sealing the %s: %w", p.kind, err)
		}
		out.Small = append(out.Small, b.Bytes())
		out.Body.Parts = append(out.Body.Parts, ledger.Part{
			Kind: string(p.kind), Hash: sealed.Ciphertext.Hash, Size: sealed.Ciphertext.Size,
		})
	}
	for _, f := range d.files {
		part, err := f.keep()
		if err != nil {
			return store.Submission{}, err
		}
		out.Body.Parts = append(out.Body.Parts, part)
	}
	out.Locator.Name, out.Locator.Box = s.locator(out.Body, len(d.files))
	out.Attention, err = d.attention(context.WithoutCancel(ctx), s, out.Body, to)
	return out, err
}

// commit makes the lines of a submission under a version of the vocabulary,
// and signs later submissions of a case with the reporter's key. It refuses a
// report that was validated under a newer version where its answers need that
// version.
func (d *Draft) commit(s submission, schema *incident.Schema) ([]seal.Line, error) {
	if errs := schema.Check(s.report); len(errs) > 0 {
		return nil, errs
	}
	values := d.values(s, schema)
	lines, err := seal.Commit(schema.FieldNames(), values)
	for _, v := range values {
		clear(v)
	}
	if err != nil {
		return nil, err
	}
	if schema.CommitsHead() && s.act != incident.ActReport {
		err = seal.Sign(lines, d.in.store.Card().Genesis, s.keys.Signing())
	}
	return lines, err
}

// head returns the submission's head.
func (s submission) head() seal.Head {
	return seal.Head{Act: string(s.act), Case: s.first, Number: s.number + 1, Received: s.received, Key: s.keys.Signing().Fingerprint()}
}

// values returns the committed values: the head, the answers, and each file in
// its slot.
func (d *Draft) values(s submission, schema *incident.Schema) map[string][]byte {
	values := make(map[string][]byte)
	if schema.CommitsHead() {
		head := s.head()
		values = head.Values()
	}
	for _, v := range schema.Values(s.report) {
		values[v.Field] = v.JSON
	}
	for i, f := range d.files {
		values[incident.SlotName(i+1)] = f.attachment(s.exhibits + i + 1).Value()
	}
	return values
}

func (s submission) locator(b ledger.Body, files int) (name [32]byte, box []byte) {
	l := reportcode.Locator{Body: b.Hash(), First: s.first, Exhibits: uint32(s.exhibits + files), Act: actNumber(s.act)}
	if s.act == incident.ActReport {
		l.First = l.Body
	}
	box = append(s.keys.SealLocator(s.number, l), s.keys.SealState(s.number, nextState(s.last, s))...)
	return s.keys.LocatorName(s.number), box
}

// smallPart is the plaintext of a part that the store keeps in its database.
type smallPart struct {
	kind    seal.Kind
	to      func(*recipients) *seal.Recipients
	content []byte
}

// smallParts makes the signal, the statement and the identity part, in the
// body's order.
func (s submission) smallParts(lines []seal.Line, identify bool, files int) ([]smallPart, error) {
	items, identity := seal.Split(lines, func(string) bool { return identify })
	head, err := headOf(lines, s)
	if err != nil {
		return nil, err
	}
	statement := seal.StatementPart{
		Head: head, Form: s.form, Mailbox: s.keys.Recipient(), Tags: s.keys.TagSecret(), Items: items,
	}
	defer clear(statement.Tags[:])
	signal := seal.SignalPart{
		Act: string(s.act), Danger: s.report.One("danger_now"),
		Deadline: s.report.One("deadline"), Language: s.report.One("language"),
	}
	parts := []smallPart{
		{kind: seal.Signal, to: func(r *recipients) *seal.Recipients { return r.signal }},
		{kind: seal.Statement, to: func(r *recipients) *seal.Recipients { return r.statement }},
		{kind: seal.Identity, to: func(r *recipients) *seal.Recipients { return r.identity }},
	}
	for i, marshal := range []func() ([]byte, error){signal.Marshal, statement.Marshal, identity.Marshal} {
		content, err := marshal()
		if errors.Is(err, seal.ErrTooLarge) && files > 0 {
			// Within the limits, only sixteen long file names can exceed this:
			// beside the contact, or beside the longest narrative and a
			// signature.
			return nil, incident.Errors{{Field: incident.FileField, Code: incident.FileNameTooLong}}
		}
		if err != nil {
			return nil, err
		}
		parts[i].content = content
	}
	return parts, nil
}

// headOf returns the head as the lines commit it, or, in version 1, as the
// statement's own lines hold it.
func headOf(lines []seal.Line, s submission) (seal.Head, error) {
	if lines[0].Field != seal.HeadFields()[0] {
		return seal.Head{Act: string(s.act), Case: s.first, Received: s.received}, nil
	}
	return seal.ParseHead(func(field string) (seal.Line, bool) {
		i := slices.IndexFunc(lines, func(l seal.Line) bool { return l.Field == field })
		if i < 0 {
			return seal.Line{}, false
		}
		return lines[i], true
	})
}

func wipeLines(lines []seal.Line) {
	for _, l := range lines {
		clear(l.Value)
	}
}

// formBytes parses the form's hidden field. A value that is not 32 lower-case
// hex digits yields zeros.
func formBytes(nonce string) (form [16]byte) {
	b, err := hex.DecodeString(nonce)
	if err != nil || len(b) != len(form) || strings.ToLower(nonce) != nonce {
		return form
	}
	return [16]byte(b)
}
