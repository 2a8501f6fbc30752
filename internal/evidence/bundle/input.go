package bundle

import (
	"io"
	"time"

	"zapis/crypto/card"
	"zapis/crypto/seal"
	"zapis/internal/evidence/bundle/pdf"
	"zapis/internal/evidence/custody"
)

// Limits that no case reaches and that a hostile bundle must not exceed.
const (
	maxSubmissions = 999
	maxText        = 8 << 20  // one file that is read whole, bytes
	maxTexts       = 24 << 20 // all of them, bytes
)

// Input is the whole input of one bundle. The same input yields the same bytes. It is plain data; the caller reads it
// from a vault.
type Input struct {
	Ledger     card.LedgerCard
	Checkpoint []byte // the ledger's signed note; every receipt ends in these bytes

	// Public are the genesis entry and after it every trustees and key entry,
	// in the ledger's order.
	Public []Public

	// Submissions are the case's first report and its later submissions, in order.
	Submissions []Submission

	// Derived are the included working copies.
	Derived []Derived

	// Custody is the signer's custody log up to a head: this case's events in full, of the others only the hashes.
	Custody custody.Excerpt
	// CustodyHeads is the custody entry of the ledger with the head of the first Custody.Fixed events, which can't
	// have been rewritten since. May be empty.
	CustodyHeads []Public

	// Anchors are outside evidence of time: from before the case's entries, and about checkpoints that cover them. May
	// be empty.
	Anchors []Anchor

	Signer *card.Signer // one of the trustees in force

	// IncludeIdentity discloses the lines of opened identity parts. Without it
	// they are withheld.
	IncludeIdentity bool
	Withhold        []Choice

	// IncludeLocation shows originals that contain the place where they were made. Without it they are withheld
	// (Search).
	IncludeLocation bool

	// Unsearched is what Search could not search. Write does not use it; the caller shows it before.
	Unsearched []Unsearched

	Forum pdf.Forum // whose words the certificate uses

	Time time.Time // when the bundle is made; cut to whole seconds, UTC
	Tool string    // program and version: "zapis 1.0.0"
}

// Public is a governing entry of the ledger, with its body and its proof.
type Public struct {
	Entry, Body []byte
	Receipt     []byte // C2SP tlog-proof
}

// Submission is one report or follow-up.
type Submission struct {
	// Entry and Receipt (C2SP tlog-proof) are empty while it waits for its slot. Promise, the promise file with its
	// body, is set instead.
	Entry, Receipt []byte
	Promise        []byte

	// SlotBefore and Slot are checkpoints of the ledger: the last that does not cover the entry, and the first that
	// does. The time of receipt must be between them. Each may be empty.
	SlotBefore, Slot []byte

	Act      string    // from its statement: report, follow-up, …, or exhibit
	Received time.Time // from its statement

	Listing  []byte   // commitments.txt
	Lines    [][]byte // the disclosure lines of the statement, each with its LF
	Identity [][]byte // those of the identity part; nil where it was not opened

	// Attachments are the opened originals, by exhibit. Their disclosure lines hold sizes and hashes.
	Attachments []Attachment

	// Keys disclose sealed parts, so that anyone can decrypt what is in the ledger and compare it with what is shown.
	Keys []DisclosedKey
}

// DisclosedKey is a part's ciphertext and the key that opens this part only. The key also allows to make another file
// under the same header: the hash of the whole file decides.
type DisclosedKey struct {
	Part string // "statement", or an exhibit that is shown
	Key  seal.FileKey
	Open func() (io.ReadSeekCloser, error) // the ciphertext, as the ledger names it
}

// Attachment is one original. Open is called twice, so that hash and CRC are known before the first byte is written.
type Attachment struct {
	Exhibit string // A01 …
	Open    func() (io.ReadCloser, error)
}

// Choice withholds an item: a field, in all submissions of the case, or an exhibit ("A03"), the file and its line.
type Choice struct {
	Item   string
	Reason Reason // ReasonUnstated where empty
}
