package bundle

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"filippo.io/age"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/crypto/seal"
	"zapis/internal/evidence/custody"
	"zapis/internal/incident"
)

const testOrigin = "example.org/ledger"

var testTime = time.Date(2026, 11, 21, 20, 47, 45, 0, time.UTC)

// house is a little ledger with two trustees, and a case to bundle.
type house struct {
	ledger.StoredTree

	t       testing.TB
	random  *rand.ChaCha8
	log     *ledger.SigningKey
	genesis ledger.Genesis
	signers map[string]*card.Signer
	entries [][]byte
	leaf    ledger.Hash
}

func newHouse(t testing.TB) *house {
	h := &house{t: t, random: rand.NewChaCha8([32]byte{1}), signers: make(map[string]*card.Signer)}
	var err error
	if h.log, err = ledger.GenerateSigningKey(testOrigin, h.random); err != nil {
		t.Fatal(err)
	}
	set := ledger.TrusteeSet{Vocabulary: 1, Quorum: ledger.Quorum{Statement: 1, Attachment: 1, Identity: 2}, Approvals: 2}
	for _, name := range []string{"anna", "boris"} {
		set.Trustees = append(set.Trustees, h.person(name))
	}
	h.genesis = ledger.Genesis{Origin: testOrigin, Nonce: h.hash(), Log: h.log.Keys(), Set: set}
	h.append(h.genesis.Entry().Body)
	return h
}

func (h *house) person(name string) card.Card {
	seed := make([]byte, 32)
	h.random.Read(seed)
	s, err := card.NewSigner(name, seed)
	if err != nil {
		h.t.Fatal(err)
	}
	id, err := age.GenerateHybridIdentity()
	if err != nil {
		h.t.Fatal(err)
	}
	h.signers[name] = s
	return s.Card(id.Recipient().String())
}

func (h *house) hash() (out ledger.Hash) {
	h.random.Read(out[:])
	return out
}

// append puts a body at the end of the ledger and returns its entry.
func (h *house) append(b ledger.Body) []byte {
	e := ledger.Entry{Origin: testOrigin, Index: uint64(len(h.entries)), Previous: h.leaf, Body: b}
	text := e.Marshal()
	if _, err := ledger.ParseEntry(text); err != nil {
		h.t.Fatal(err)
	}
	h.leaf = e.LeafHash()
	if err := h.StoredTree.Add(e.Index, h.leaf); err != nil {
		h.t.Fatal(err)
	}
	h.entries = append(h.entries, text)
	return text
}

func (h *house) filler() {
	h.append(ledger.BodyOf(ledger.KindFiller, 0, []byte(h.hash().String())))
}

func (h *house) checkpoint() []byte {
	root, err := ledger.RootAt(uint64(len(h.entries)), h)
	if err != nil {
		h.t.Fatal(err)
	}
	note, err := h.log.SignCheckpoint(ledger.Checkpoint{Origin: testOrigin, Size: uint64(len(h.entries)), Root: root, Time: testTime.Add(time.Hour)})
	if err != nil {
		h.t.Fatal(err)
	}
	return note
}

func (h *house) receipt(index uint64, checkpoint []byte) []byte {
	r, err := ledger.MakeReceipt(h.entries[index], checkpoint, h)
	if err != nil {
		h.t.Fatal(err)
	}
	return r
}

// A file is what a reporter sends.
type file struct {
	name, mediaType string
	content         []byte
	identify        bool
}

// unsent is a submission before it is in the ledger.
type unsent struct {
	act     incident.Act
	answers map[string]string // field -> JSON
	files   []file
	first   int // number of its first exhibit
}

// submit commits to the answers, and returns the submission and its body.
func (h *house) submit(s unsent) (Submission, ledger.Body) {
	values := make(map[string][]byte)
	for field, json := range s.answers {
		values[field] = []byte(json)
	}
	out := Submission{Act: string(s.act), Received: testTime}
	identify := make(map[string]bool)
	for i, f := range s.files {
		sum := sha256.Sum256(f.content)
		a := seal.AttachmentValue{Exhibit: incident.ExhibitName(s.first + i), SHA256: fmt.Sprintf("%x", sum),
			Size: int64(len(f.content)), MediaType: f.mediaType, Name: f.name}
		values[incident.SlotName(i+1)] = a.Value()
		identify[incident.SlotName(i+1)] = f.identify
		out.Attachments = append(out.Attachments, Attachment{a.Exhibit, func() (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(f.content)), nil
		}})
	}
	lines, err := seal.Commit(fields1, values)
	if err != nil {
		h.t.Fatal(err)
	}
	listing := seal.ListingOf(lines)
	out.Listing = listing.Marshal()
	items, part := seal.Split(lines, func(field string) bool { return identify[field] })
	for _, item := range items {
		if item.Line != nil {
			out.Lines = append(out.Lines, item.Line.Marshal())
		}
	}
	for _, l := range part.Lines {
		out.Identity = append(out.Identity, l.Marshal())
	}
	b := ledger.Body{Kind: ledger.KindReport, Commitments: listing.Hash()}
	for _, kind := range []string{ledger.PartSignal, ledger.PartStatement, ledger.PartIdentity} {
		b.Parts = append(b.Parts, ledger.Part{Kind: kind, Hash: h.hash(), Size: 70000})
	}
	for range s.files {
		b.Parts = append(b.Parts, ledger.Part{Kind: ledger.PartAttachment, Hash: h.hash(), Size: 70000})
	}
	return out, b
}

// public returns the first entry with its proof under a checkpoint.
func (h *house) public(checkpoint []byte) []Public {
	return []Public{{h.entries[0], h.genesis.Marshal(), h.receipt(0, checkpoint)}}
}

// custody makes a log in which the case's events stand among others'.
func (h *house) custody(caseID string) custody.Excerpt { return h.custodyOf("anna", caseID) }

func (h *house) custodyOf(signer, caseID string) custody.Excerpt {
	x := custody.Excerpt{Shown: make(map[uint64]custody.Event)}
	s := h.signers[signer]
	acts := []struct {
		act  custody.Act
		here bool
	}{{custody.Imported, false}, {custody.Opened, true}, {custody.Viewed, false}, {custody.Exported, true}}
	for i, a := range acts {
		e := custody.Event{Nonce: h.hash(), Number: uint64(i + 1), At: testTime, Tool: "zapis test",
			Record: custody.Record{By: custody.By{Name: s.Name(), Fingerprint: s.Fingerprint()}, Act: a.act, Subject: "statement of entry 2"}}
		if a.here {
			e.Case = caseID
			x.Shown[e.Number] = e
		}
		hash := sha256.Sum256(e.Marshal())
		x.Hashes = append(x.Hashes, hash)
		x.Head = custody.Link(x.Head, hash)
	}
	return x
}

var (
	photo  = file{name: "IMG_0001.jpg", mediaType: "image/jpeg", content: bytes.Repeat([]byte{0xff, 0xd8, 0x01, 0x02}, 500)}
	letter = file{name: "ліст\u202e.pdf", mediaType: "application/pdf", content: []byte("%PDF-1.4 a letter\n")}
	selfie = file{name: "me.png", mediaType: "image/png", content: []byte("\x89PNG me"), identify: true}
)

func firstReport(files ...file) unsent {
	return unsent{act: incident.ActReport, first: 1, files: files, answers: map[string]string{
		"danger_now":    `"no"`,
		"narrative":     `"Мяне выклікалі ў консульства.\nThey said “come back”, and \"wait\" <b>.\u0007"`,
		"language":      `"be"`,
		"method":        `["M1","T2"]`,
		"country_event": `"PL"`,
		"consent":       `["store","lawyer","court"]`,
		"contact":       `"canary-contact@example.org"`,
		"name":          `"Canary Canarievich"`,
	}}
}

// testCase is a ledger with a report of two files (and one that identifies),
// a filler, a follow-up with a file, and a filler.
func testCase(t testing.TB) (*house, Input) {
	h := newHouse(t)
	report, body := h.submit(firstReport(photo, letter, selfie))
	follow, followBody := h.submit(unsent{act: incident.ActFollowUp, first: 4,
		answers: map[string]string{"narrative": `"More of it."`},
		files:   []file{{name: "chat.txt", mediaType: "text/plain", content: []byte("a chat\n")}}})
	h.filler()
	report.Entry = h.append(body)
	follow.Entry = h.append(followBody)
	h.filler()
	cp := h.checkpoint()
	report.Receipt, follow.Receipt = h.receipt(2, cp), h.receipt(3, cp)
	return h, Input{
		Ledger: h.genesis.Card(), Checkpoint: cp, Public: h.public(cp),
		Submissions: []Submission{report, follow},
		Custody:     h.custody(caseID(body)),
		Signer:      h.signers["anna"],
		Time:        testTime.Add(48 * time.Hour), Tool: "zapis test",
	}
}

func write(t testing.TB, in Input) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, in); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// sample is the bundle of testCase, made once for all tests that only read it.
func sample(t testing.TB) []byte {
	t.Helper()
	shared.once.Do(func() {
		shared.house, shared.input = testCase(t)
		shared.zip = write(t, shared.input)
	})
	if shared.zip == nil {
		t.Fatal("the bundle that tests share could not be made")
	}
	return shared.zip
}

var shared struct {
	once  sync.Once
	house *house
	input Input
	zip   []byte
}

func check(t testing.TB, zip []byte, o Options) Report {
	t.Helper()
	r, err := Check(bytes.NewReader(zip), int64(len(zip)), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
