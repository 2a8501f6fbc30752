package bundle

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"zapis/crypto/canonical"
	"zapis/crypto/ledger"
	"zapis/crypto/timestamp"
	"zapis/crypto/witness"
)

// times verifies the outside evidence of the ledger's size over time. Evidence
// that does not fit the ledger is a fault; evidence of an untrusted authority,
// or that does not verify, proves nothing, and is reported.
func (x *examination) times() {
	if x.governance == nil || x.log == nil {
		return
	}
	var all []timestamp.Evidence
	for _, g := range x.anchors {
		a, checkpoint, ok := x.anchored(g)
		if !ok {
			continue
		}
		if e, ok := x.evidence(a, checkpoint); ok {
			all = append(all, e)
			x.countCosignature(a, checkpoint)
		}
	}
	all = append(all, x.witnessed()...)
	x.policy()
	if len(x.Faults) == 0 {
		x.sayTimes(all)
	}
	x.stamp()
}

// anchored verifies that an anchor entry and its files are of this ledger, and
// that its checkpoint covers the case's entries.
func (x *examination) anchored(g governing) (anchored, []byte, bool) {
	checkpoint, ok := x.text(anchorCheckpointPath(g.Index))
	if !ok {
		return anchored{}, nil, false
	}
	a, log, err := x.anchorBody(g, checkpoint)
	if err != nil {
		x.fault("%s: %v", bodyPath(g.Index), err)
		return anchored{}, nil, false
	}
	for _, s := range x.record.Submissions {
		if s.Entry == nil || *s.Entry >= a.Size {
			continue
		}
		path := anchorReceiptPath(g.Index, *s.Entry)
		if !x.covered(path, log, x.bag.texts[entryPath(*s.Entry)], checkpoint) {
			return anchored{}, nil, false
		}
	}
	if a.Witness != "" {
		return a, checkpoint, true
	}
	token, there := x.text(anchorTokenPath(g.Index))
	chain, there2 := x.text(anchorChainPath(g.Index))
	if !there || !there2 {
		return anchored{}, nil, false
	}
	want, _, err := timestamp.CertificatesPEM(a.Anchor)
	switch {
	case !bytes.Equal(token, a.Response):
		x.fault("%s: is not the token that entry %d holds", anchorTokenPath(g.Index), g.Index)
	case err != nil:
		x.fault("%s: %v", bodyPath(g.Index), err)
	case !bytes.Equal(chain, want):
		x.fault("%s: does not hold the certificates that entry %d does", anchorChainPath(g.Index), g.Index)
	default:
		return a, checkpoint, true
	}
	return anchored{}, nil, false
}

func (x *examination) anchorBody(g governing, checkpoint []byte) (anchored, *ledger.Verifier, error) {
	e, err := ledger.ParseEntry(g.Entry)
	if err != nil {
		return anchored{}, nil, err
	}
	a, err := ledger.ParseAnchor(g.Body)
	switch {
	case err != nil:
		return anchored{}, nil, err
	case ledger.Sum(g.Body) != e.Body.Parts[0].Hash:
		return anchored{}, nil, canonical.Refuse("it is not the body that entry %d names", g.Index)
	case a.Size > g.Index:
		return anchored{}, nil, canonical.Refuse("it is about a checkpoint of %d entries, which is not before it", a.Size)
	case ledger.Sum(checkpoint) != a.Checkpoint:
		return anchored{}, nil, canonical.Refuse("it is about another checkpoint than the one in %s", anchorCheckpointPath(g.Index))
	}
	log, c, err := x.governance.openCheckpoint(checkpoint)
	if err == nil && c.Size != a.Size {
		err = canonical.Refuse("it is about a checkpoint of %d entries, and that one has %d", a.Size, c.Size)
	}
	return anchored{g.Index, a}, log, err
}

func (x *examination) covered(path string, log *ledger.Verifier, entry, checkpoint []byte) bool {
	t, ok := x.text(path)
	if !ok {
		return false
	}
	r, err := log.OpenReceipt(t)
	switch {
	case err != nil:
		x.fault("%s: %v", path, err)
	case !bytes.Equal(r.Text, entry):
		x.fault("%s: is about another entry than the one in the bundle", path)
	case !bytes.Equal(r.Note, checkpoint):
		x.fault("%s: ends in another checkpoint than the one that the anchor is about", path)
	default:
		return true
	}
	return false
}

// evidence verifies an anchor with the trusted roots and witnesses.
func (x *examination) evidence(a anchored, checkpoint []byte) (timestamp.Evidence, bool) {
	claim, err := timestamp.Stated(a.index, a.Anchor, checkpoint)
	if err != nil {
		x.notProve("Anything by the anchor in entry %d: %v.", a.index, err)
		return claim, false
	}
	text := fmt.Sprintf("That the ledger's %s existed on %s, as %s in entry %d says", firstEntries(a.Size), claim.Time.Format(timeLayout), evidenceName(claim), a.index)
	trust := x.options.Times
	if a.Witness == "" && trust.Roots == nil {
		x.notProve("%s: you gave no root certificate that you trust.", text)
		return claim, false
	}
	e, err := timestamp.Check(a.index, a.Anchor, checkpoint, trust)
	switch {
	case errors.Is(err, timestamp.ErrNotTrusted):
		x.notProve("%s: you gave no key of that witness.", text)
		return e, false
	case err != nil:
		x.notProve("%s: %v.", text, err)
		return e, false
	}
	x.prove("The ledger's %s existed on %s%s: %s in entry %d.", firstEntries(e.Size), e.Time.Format(timeLayout), within(e.Accuracy), evidenceName(e), e.Entry)
	return e, true
}

func firstEntries(n uint64) string {
	if n == 1 {
		return "first entry"
	}
	return fmt.Sprintf("first %d entries", n)
}

func evidenceName(e timestamp.Evidence) string {
	switch {
	case e.Witness:
		return "the line of the witness " + printable(e.By)
	case e.By == "":
		return "the time-stamp token of an authority that it does not name"
	}
	return fmt.Sprintf("the time-stamp token of “%s”", plainLine(e.By))
}

func within(accuracy time.Duration) string {
	if accuracy == 0 {
		return ""
	}
	return fmt.Sprintf(" (to within %s)", accuracy)
}

// witnessed verifies lines of witnesses on the bundle's own checkpoint.
func (x *examination) witnessed() []timestamp.Evidence {
	checkpoint := x.bag.texts[checkpointPath]
	lines, err := witness.Lines(checkpoint)
	if err != nil {
		x.fault("%s: %v", checkpointPath, err)
		return nil
	}
	const second = "anyone who has the log's keys and the signing key of one trustee can make another that fits the same ledger card"
	if len(lines) == 0 {
		x.notProve("That this is the ledger's only history: %s. No witness has signed this checkpoint.", second)
		return nil
	}
	_, found, err := witness.Open(x.log, checkpoint, x.options.Times.Witnesses)
	if err != nil {
		x.fault("%s: %v", checkpointPath, err)
		return nil
	}
	x.cosigned = append(x.cosigned, found...)
	var all []timestamp.Evidence
	for _, c := range found {
		// It covers every entry, and is a bound for none after it.
		all = append(all, timestamp.Evidence{Entry: timestamp.OnCheckpoint, Size: x.checkpoint.Size, Time: c.Time, By: c.Witness.Name(), Witness: true})
		x.prove("The witness %s signed this checkpoint of %d entries on %s (%s): it says by that that it has seen no other history of this ledger.",
			printable(c.Witness.Name()), x.checkpoint.Size, c.Time.Format(timeLayout), c.Witness.Algorithm())
	}
	if len(found) == 0 {
		x.notProve("That this is the ledger's only history: %s. No witness that you trust has signed this checkpoint.", second)
	} else {
		x.notProve("That this is the ledger's only history, beyond the word of these witnesses: %s.", second)
	}
	if more := len(lines) - len(found); more > 0 {
		x.notProve("Whose the %d further lines on the checkpoint are: you gave no key that fits.", more)
	}
	return all
}

// countCosignature notes a verified anchor that is a witness's line over a
// checkpoint that covers every entry of the case.
func (x *examination) countCosignature(a anchored, checkpoint []byte) {
	if a.Witness == "" {
		return
	}
	for _, s := range x.record.Submissions {
		if s.Entry != nil && *s.Entry >= a.Size {
			return
		}
	}
	if c, err := witness.FromAnchor(a.Anchor, checkpoint); err == nil {
		x.cosigned = append(x.cosigned, c)
	}
}

// policy holds the cosignatures against the reader's witness policy.
func (x *examination) policy() {
	p := x.options.Policy
	if p == nil || len(x.Faults) > 0 {
		return
	}
	err := p.CheckLog(x.log)
	if err == nil {
		err = p.Require(x.cosigned)
	}
	if err != nil {
		x.fault("%s: %v", checkpointPath, err)
		return
	}
	yes, _ := p.Cosigned(x.cosigned)
	if len(yes) == 0 {
		x.prove("Your witness policy asks for no cosignature.")
		return
	}
	x.prove("Your witness policy is met: %s cosigned a checkpoint that covers all entries of this case.", plainLine(strings.Join(yes, ", ")))
}

// sayTimes says between which two times each entry was put into the ledger.
func (x *examination) sayTimes(all []timestamp.Evidence) {
	for _, c := range timestamp.Contradictions(all) {
		x.notProve("When what lies between was put into the ledger: %s.", plainLine(c.String()))
	}
	bounded := false
	for n, s := range x.record.Submissions {
		if s.Entry == nil {
			continue
		}
		i := timestamp.Tightest(all, *s.Entry)
		if i.NotBefore == nil && i.NotAfter == nil {
			continue
		}
		bounded = true
		name := fmt.Sprintf("Entry %d, %s,", *s.Entry, submissionName(n, s))
		if !i.Possible() {
			x.notProve("%s when it was put at its place in the ledger: those who vouch for the time contradict each other.", name)
			continue
		}
		x.prove("%s was put at its place in the ledger %s.", name, intervalText(i))
	}
	if !bounded {
		x.notProve("When the entries came into the ledger, by any clock but the log's own.")
	}
}

// intervalText returns an interval in words: no earlier than, and no later
// than.
func intervalText(i timestamp.Interval) string {
	from, until := "", ""
	if e := i.NotBefore; e != nil {
		from = fmt.Sprintf("after %s (%s in entry %d)", e.Earliest().Format(timeLayout), evidenceName(*e), e.Entry)
	}
	if e := i.NotAfter; e != nil {
		until = fmt.Sprintf("by %s (%s in entry %d)", e.Latest().Format(timeLayout), evidenceName(*e), e.Entry)
		if e.Entry == timestamp.OnCheckpoint {
			until = fmt.Sprintf("by %s (%s on the checkpoint)", e.Latest().Format(timeLayout), evidenceName(*e))
		}
	}
	switch {
	case from == "":
		return until
	case until == "":
		return from
	}
	return "between two times: " + from + ", and " + until
}

// stamp verifies the token over the bundle's signature, if there is one.
func (x *examination) stamp() {
	token, there := x.bag.texts[stampPath]
	if !there {
		return
	}
	x.used[stampPath] = true
	if len(x.Faults) > 0 {
		return
	}
	o := x.options.Times.Options
	if o.Roots == nil {
		x.notProve("When the bundle was signed, by the time-stamp token beside its signature: you gave no root certificate that you trust.")
		return
	}
	o.Nonce, o.Certificates, o.Revocations = nil, nil, nil
	t, err := timestamp.Verify(token, x.bag.texts[signaturePath], o)
	if err != nil {
		x.notProve("When the bundle was signed, by the time-stamp token beside its signature: %v.", err)
		return
	}
	x.prove("The bundle's signature existed on %s%s: a time-stamp token of “%s”.", t.Time.Format(timeLayout), within(t.Accuracy), plainLine(t.Signer.Subject.String()))
}
