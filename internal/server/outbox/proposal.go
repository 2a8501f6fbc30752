package outbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/internal/atomicfile"
	"zapis/internal/exit"
)

// approval stores one trustee's approval of a proposal. With enough approvals it submits the proposal with all of
// them.
func (d *Desk) approval(ctx context.Context, s card.Signed, text []byte) (string, error) {
	subject := ledger.Hash(s.Subject)
	dir := filepath.Join(proposalsDir, subject.String())
	text, err := d.proposal(dir, text)
	if err != nil {
		return "", err
	}
	kind, err := d.inForce(text)
	if err != nil {
		return "", err
	}
	if err := d.keep(filepath.Join(dir, "approvals", card.ShortFingerprint(s.Signer)), s.Marshal()); err != nil {
		return "", err
	}
	all, err := d.approvals(dir)
	if err != nil {
		return "", err
	}
	if need := d.st.Needed(text); len(all) < need {
		return fmt.Sprintf("kept: %d of the %d approvals that it needs", len(all), need), nil
	}
	approved := ledger.Approved{Text: text, Approvals: all}
	if d.st.Announces(text) {
		kind, approved.Text = ledger.KindTombstone, ledger.NoticeText(text)
	}
	if kind == ledger.KindKey {
		if approved.KeyLines, err = d.keyLines(text); err != nil {
			return "", err
		}
	}
	// The body is written before it is submitted: after a crash the same body is submitted, and the ledger knows
	// whether it has it.
	body, err := os.ReadFile(filepath.Join(d.dir, dir, "body"))
	if errors.Is(err, os.ErrNotExist) {
		body = approved.Marshal()
		err = d.keep(filepath.Join(dir, "body"), body)
	}
	if err != nil {
		return "", err
	}
	answer, err := d.submit(ctx, kind, all[0].Trustees, body)
	if err != nil {
		// The ledger may accept it later with other approvals.
		return "", errors.Join(err, os.Remove(filepath.Join(d.dir, dir, "body")))
	}
	return answer, d.keep(filepath.Join(dir, submittedName), nil)
}

// withdrawal takes a trustee's approval of a proposal back, as long as it was not submitted.
func (d *Desk) withdrawal(_ context.Context, s card.Signed, _ []byte) (string, error) {
	if d.enough(s.Subject) {
		return "", exit.New(exit.Failed, "object to it while it is announced", "the proposal has its approvals and was submitted: an approval of it can't be withdrawn")
	}
	dir := filepath.Join(proposalsDir, ledger.Hash(s.Subject).String())
	name := filepath.Join(d.dir, dir, "approvals", card.ShortFingerprint(s.Signer))
	file, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return "kept: there was no approval of it to withdraw", nil
	}
	if err != nil {
		return "", err
	}
	approval, err := card.ParseSigned(file)
	if err != nil {
		return "", err
	}
	if approval.Number > s.Number {
		return "kept: it was approved again after that", nil
	}
	if err := os.Remove(name); err != nil {
		return "", err
	}
	return "kept: the approval is withdrawn", atomicfile.SyncFolder(filepath.Dir(name))
}

const submittedName = "submitted"

// enough reports whether a proposal was submitted.
func (d *Desk) enough(subject ledger.Hash) bool {
	_, err := os.Stat(filepath.Join(d.dir, proposalsDir, subject.String(), submittedName))
	return err == nil
}

// proposal returns a proposal's text, from the statement or as stored before, and stores it.
func (d *Desk) proposal(dir string, text []byte) ([]byte, error) {
	name := filepath.Join(dir, "text")
	known, err := os.ReadFile(filepath.Join(d.dir, name))
	switch {
	case err == nil:
		return known, nil
	case !errors.Is(err, os.ErrNotExist):
		return nil, err
	case text == nil:
		return nil, exit.New(exit.Failed, "hand the proposal in with it", "the proposal that it approves is not known here")
	}
	if _, err := d.inForce(text); err != nil {
		return nil, err
	}
	return text, d.keep(name, text)
}

// readProposal returns a proposal's kind, the ledger it is for, and the entry that it must follow (zeros for a
// tombstone, a hold and a release).
func readProposal(text []byte) (kind ledger.Kind, origin string, after ledger.Hash, err error) {
	header, _, _ := strings.Cut(string(text), "\n")
	switch header {
	case "zapis/trustees/v1":
		c, err := ledger.ParseTrusteesChange(text)
		return ledger.KindTrustees, c.Origin, c.After, err
	case "zapis/key/v1":
		c, err := ledger.ParseKeyChange(text)
		return ledger.KindKey, c.Origin, c.After, err
	case "zapis/tombstone/v1", "zapis/tombstone/v2":
		t, err := ledger.ParseTombstone(text)
		return ledger.KindTombstone, t.Origin, t.After, err
	case "zapis/objection/v1":
		o, err := ledger.ParseObjection(text)
		return ledger.KindTombstone, o.Origin, after, err
	case "zapis/hold/v1":
		h, err := ledger.ParseHold(text)
		return ledger.KindTombstone, h.Origin, after, err
	case "zapis/release/v1":
		r, err := ledger.ParseRelease(text)
		return ledger.KindTombstone, r.Origin, after, err
	}
	return "", "", after, fmt.Errorf("it is no proposal")
}

// inForce refuses a proposal that can no longer become the next change.
func (d *Desk) inForce(text []byte) (ledger.Kind, error) {
	kind, origin, after, err := readProposal(text)
	if err != nil {
		return "", refuse("the proposal: %w", err)
	}
	if origin != d.st.Origin() {
		return "", refuse("the proposal is for the ledger %s", origin)
	}
	if kind == ledger.KindTombstone {
		if err := d.eraseable(text); err != nil || after == (ledger.Hash{}) {
			return kind, err
		}
	}
	newest, err := d.st.After()
	if err != nil {
		return "", err
	}
	if after != newest {
		return "", exit.New(exit.Failed, "propose it again, from a newer carry file",
			"the proposal comes after %s, and the newest change is %s: another one came between", after, newest)
	}
	return kind, nil
}

// eraseable refuses a tombstone that names parts which its entry does not have.
func (d *Desk) eraseable(text []byte) error {
	parts, err := ledger.ErasedBy(text)
	if err != nil {
		return err
	}
	for _, p := range parts {
		entry, err := d.st.Entry(p.Index)
		if err != nil {
			return refuse("the proposal erases a part of entry %d, which this ledger does not have", p.Index)
		}
		e, err := ledger.ParseEntry(entry)
		if err != nil {
			return err
		}
		found := false
		for _, has := range e.Body.Parts {
			found = found || has.Hash == p.Hash
		}
		if !found {
			return refuse("the proposal erases %s of entry %d, which has no such part", p.Hash, p.Index)
		}
	}
	return nil
}

// approvals returns the valid approvals of a proposal, in the set's order.
func (d *Desk) approvals(dir string) ([]card.Signed, error) {
	index, set := d.st.SetInForce()
	var list []card.Signed
	for _, c := range set.Trustees {
		file, err := os.ReadFile(filepath.Join(d.dir, dir, "approvals", card.ShortFingerprint(c.Fingerprint())))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		s, err := card.ParseSigned(file)
		if err != nil {
			return nil, err
		}
		if s.Signer == c.Fingerprint() && s.Trustees == index && !s.ExpiredAt(d.now()) {
			list = append(list, s)
		}
	}
	return list, nil
}

// keyLines returns the log keys' own signatures over a change of keys: those of the new keys, which zapisd key new has
// written, and for a rotation those of the old ones.
func (d *Desk) keyLines(text []byte) ([]byte, error) {
	c, err := ledger.ParseKeyChange(text)
	if err != nil {
		return nil, err
	}
	lines, err := d.st.SignNextKey(text)
	if err != nil {
		return nil, exit.Advise(exit.Failed, exit.ProposeNewKey.With(), "the new log keys are not in this folder: %w", err)
	}
	if c.Reason == ledger.ReasonRotation {
		old, err := d.st.SignKeyChange(text)
		if err != nil {
			return nil, err
		}
		lines = append(bytes.Clone(lines), old...)
	}
	return lines, nil
}
