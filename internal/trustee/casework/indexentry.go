package casework

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"zapis/crypto/ledger"
	"zapis/crypto/reporterkey"
	"zapis/crypto/seal"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/ledgercopy"
	"zapis/internal/trustee/vault"
)

// caseIndexEntry is what the index stores of a statement: enough to sort submissions into cases and to list them. Its
// only words are those that describe a deadline.
type caseIndexEntry struct {
	Body      ledger.Hash             `json:"body"`
	Act       string                  `json:"act"`
	First     ledger.Hash             `json:"first"` // body hash of the case's first report: Body itself, in that one
	Received  time.Time               `json:"received"`
	Mailbox   ledger.Hash             `json:"mailbox"`             // SHA-256 of the mailbox and the tag secret
	Fits      bool                    `json:"fits"`                // whether the statement is the one that the entry committed to
	Number    uint64                  `json:"number,omitempty"`    // of the reporter's submissions, from 1; 0 where none is committed
	Key       reporterkey.Fingerprint `json:"key,omitzero"`        // that the statement commits to; zero where it has none
	Signature string                  `json:"signature,omitempty"` // signatureNone, signatureGood or signatureBad

	Page string `json:"page"` // the form's hidden field: another one for each page that was asked for

	Answers map[string][]string `json:"answers"` // of the fields in kept
}

// caseIndex is the cache of entries: zapis/index/v4.
var caseIndex = vault.Cache{File: "index", Header: "zapis/index/v4 "}

// kept are the fields whose codes the index stores.
var kept = []string{"danger_now", "deadline", "deadline_what", "language", "method", "when", "country_event", "country_now", "target", "basis", "person_agrees", "consent"}

func newIndexEntry(genesis ledger.Hash, s ledgercopy.Submission, st *seal.StatementPart, fits bool) caseIndexEntry {
	g := caseIndexEntry{Body: s.Hash, Act: st.Act, First: st.Case, Received: st.Received, Fits: fits, Answers: make(map[string][]string)}
	g.Number, g.Key, g.Signature = st.Number, st.Key, signatureOf(genesis, st)
	if st.First() {
		g.First = s.Hash
	}
	g.Page = hex.EncodeToString(st.Form[:])
	if st.Form == [16]byte{} { // there was none; but a statement that the log contains twice is the same
		p, _ := ledgercopy.PartOf(s.Body, ledger.PartStatement)
		g.Page = p.Hash.String()
	}
	g.Mailbox = sha256.Sum256(append([]byte(st.Mailbox+"\n"), st.Tags[:]...))
	for _, field := range kept {
		if l, ok := st.Line(field); ok {
			if given := casefile.Texts(l); len(given) > 0 {
				g.Answers[field] = given
			}
		}
	}
	return g
}
