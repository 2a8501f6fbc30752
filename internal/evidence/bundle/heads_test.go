package bundle

import (
	"io"
	"slices"
	"strings"
	"testing"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/internal/evidence/custody"
	"zapis/internal/exit"
)

// head appends a custody entry of the signer's: the head of the first events of
// a log, or of another one where root is given.
func (h *house) head(signer string, x custody.Excerpt, events uint64, root ledger.Hash) (entry, body []byte) {
	if root == (ledger.Hash{}) {
		x.Hashes, x.Fixed, x.Shown = x.Hashes[:events], 0, nil
		part, err := custody.ParseExcerpt(x.Marshal())
		if err != nil {
			h.t.Fatal(err)
		}
		root = part.Head
	}
	content := ledger.CustodyHead{Events: events, Link: h.hash(), Root: root}.Marshal()
	s := h.signers[signer]
	signed, err := s.SignStatement(card.Statement{Ledger: h.genesis.Card().Genesis, Signer: s.Fingerprint(), Number: 1,
		Kind: card.KindCustody, Subject: ledger.Sum(content)})
	if err != nil {
		h.t.Fatal(err)
	}
	body = ledger.SignedBody{Statement: signed, Content: content}.Marshal()
	return h.append(ledger.BodyOf(ledger.KindCustody, 0, body)), body
}

func TestCustodyHeads(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s, body := h.submit(firstReport())
	s.Entry = h.append(body)
	log := h.custody(caseID(body))
	log.Fixed = 3
	good, goodBody := h.head("anna", log, 3, ledger.Hash{})
	wrong, wrongBody := h.head("anna", log, 3, h.hash())
	long, longBody := h.head("anna", log, 9, h.hash())
	other, otherBody := h.head("boris", log, 3, ledger.Hash{})
	cp := h.checkpoint()
	s.Receipt = h.receipt(1, cp)
	in := Input{Ledger: h.genesis.Card(), Checkpoint: cp, Public: h.public(cp), Submissions: []Submission{s},
		Custody: log, Signer: h.signers["anna"], Time: testTime, Tool: "zapis test"}

	in.CustodyHeads = []Public{{good, goodBody, h.receipt(2, cp)}}
	zip := write(t, in)
	r := check(t, zip, Options{})
	if want := "The custody log's first 3 events were fixed when entry 2 was made: their head stands in it, signed by the same trustee."; !slices.Contains(r.Proved, want) {
		t.Errorf("%q %q", r.Proved, r.Faults)
	}
	if want := "That the custody log's last 1 events are as they were before this bundle was made: no head in the ledger covers them."; !slices.Contains(r.NotProved, want) {
		t.Errorf("%q", r.NotProved)
	}
	followPage(t, zip)
	for _, tt := range []struct {
		name string
		head Public
		want string
	}{
		{"of another log", Public{wrong, wrongBody, h.receipt(3, cp)}, "data/ledger/bodies/3.txt: its head does not fit the first 3 events: the custody log was changed after it"},
		{"of a longer log", Public{long, longBody, h.receipt(4, cp)}, "data/ledger/bodies/4.txt: it is the head of 9 events, and the custody log shows 4"},
		{"of another trustee", Public{other, otherBody, h.receipt(5, cp)}, "data/ledger/bodies/5.txt: it is the head of the custody log of another than the bundle's signer"},
		{"with another body", Public{good, wrongBody, h.receipt(2, cp)}, "data/ledger/bodies/2.txt: entry 2 (custody): the body has "},
		{"with another receipt", Public{good, goodBody, h.receipt(3, cp)}, "data/ledger/receipts/2: is about another entry than the one in the bundle"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := in
			in.CustodyHeads = []Public{tt.head}
			err := Write(io.Discard, in)
			if err == nil || !strings.Contains(err.Error(), tt.want) || exit.StatusOf(err) != exit.Mismatch {
				t.Errorf("%v\nwant %s", err, tt.want)
			}
		})
	}
}

// Added trustees, and a bundle signed by one of them: the bundle contains the
// change with its approvals, and none can be left out.
func TestChangedTrustees(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s, body := h.submit(firstReport())
	s.Entry = h.append(body)
	h.filler()
	change := func(after ledger.Hash, setAt uint64, approvers []string, names ...string) (entry, text []byte) {
		set := h.genesis.Set
		for _, name := range names {
			set.Trustees = append(slices.Clone(set.Trustees), h.person(name))
		}
		proposal := ledger.TrusteesChange{Origin: testOrigin, After: after, Set: set}.Marshal()
		a := ledger.Approved{Text: proposal}
		for i, name := range approvers {
			signer := h.signers[name]
			signed, err := signer.SignStatement(card.Statement{Ledger: h.genesis.Card().Genesis, Trustees: setAt, Signer: signer.Fingerprint(),
				Number: uint64(1), Kind: card.KindApproval, Subject: ledger.Subject(proposal)})
			if err != nil {
				t.Fatal(i, err)
			}
			a.Approvals = append(a.Approvals, signed)
		}
		text = a.Marshal()
		return h.append(ledger.BodyOf(ledger.KindTrustees, setAt, text)), text
	}
	genesis := h.genesis.Entry().LeafHash()
	entry, text := change(genesis, 0, []string{"anna", "boris"}, "vera")
	weak, weakText := change(ledger.LeafHash(entry), 3, []string{"anna"}, "olga")
	h.filler()
	cp := h.checkpoint()
	s.Receipt = h.receipt(1, cp)
	in := Input{Ledger: h.genesis.Card(), Checkpoint: cp, Submissions: []Submission{s}, Custody: h.custodyOf("vera", caseID(body)),
		Public: append(h.public(cp), Public{entry, text, h.receipt(3, cp)}),
		Signer: h.signers["vera"], Time: testTime, Tool: "zapis test"}
	zip := write(t, in)
	r := check(t, zip, Options{Ledgers: []card.LedgerCard{in.Ledger}})
	if !r.OK || !slices.ContainsFunc(r.Proved, func(s string) bool { return strings.HasSuffix(s, "is a trustee's in the set of entry 3.") }) {
		t.Errorf("%q %q", r.Faults, r.Proved)
	}
	followPage(t, zip)

	for name, tt := range map[string]struct {
		public []Public
		want   string
	}{
		"left out":            {h.public(cp), "is not among the trustees of entry 0"},
		"not approved enough": {append(in.Public, Public{weak, weakText, h.receipt(4, cp)}), "entry 4 (trustees): 1 approvals, and 2 are needed"},
		"one between left out": {append(h.public(cp), Public{weak, weakText, h.receipt(4, cp)}),
			"entry 4: it goes by the trustees of entry 3, which is neither the genesis nor a trustees entry"},
	} {
		in := in
		in.Public = tt.public
		if err := Write(io.Discard, in); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
	}
}
