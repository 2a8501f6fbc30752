package casework

import (
	"zapis/crypto/ledger"
	"zapis/crypto/reporterkey"
	"zapis/crypto/seal"
	"zapis/internal/incident"
	"zapis/internal/trustee/casefile"
)

// Results of verifying a signature, as the index stores them.
const (
	signatureNone = ""
	signatureGood = "good" // verifies under the key that the submission names
	signatureBad  = "bad"
)

// signatureOf verifies a statement under the key that it names. Whether that is the case's key is decided once the
// first report is known.
func signatureOf(genesis ledger.Hash, st *seal.StatementPart) string {
	switch {
	case st.Signature == nil:
		return signatureNone
	case st.Verify(genesis, st.Listing(), st.Key) != nil:
		return signatureBad
	}
	return signatureGood
}

// authorship returns the authorship of a submission of the case.
func (c *Case) authorship(f placedSubmission) casefile.Authorship {
	first := c.subs[0].entry
	switch known := first.Act == string(incident.ActReport); {
	case f.entry.Act == actExhibit:
		return casefile.AuthorCollect
	case known && f.entry.Act == string(incident.ActReport):
		return casefile.AuthorFirst
	case known && first.Key == (reporterkey.Fingerprint{}):
		return casefile.AuthorBefore
	case !known && f.entry.Key == (reporterkey.Fingerprint{}):
		return casefile.AuthorBefore
	case !known:
		return casefile.AuthorUnknown
	case f.entry.Signature == signatureNone:
		return casefile.AuthorUnsigned
	case f.entry.Signature != signatureGood || f.entry.Key != first.Key:
		return casefile.AuthorWrong
	}
	return casefile.AuthorSigned
}

// numbering collects the numbers of authenticated submissions: a number from another author must not fill a gap.
func (c *Case) numbering() (n casefile.Numbering) {
	count := make(map[uint64]int)
	var highest uint64
	committed := false
	for _, f := range c.subs {
		if f.entry.Number > 0 && c.authorship(f).Counts() {
			committed = true
			count[f.entry.Number]++
			highest = max(highest, f.entry.Number)
		}
	}
	if !committed {
		return n
	}
	for _, f := range c.subs { // in a case that began before, those without a number come first
		if f.entry.Number == 0 && f.entry.Act != actExhibit {
			for at := uint64(1); at <= highest; at++ {
				if count[at] == 0 {
					count[at] = 1
					break
				}
			}
		}
	}
	for at := uint64(1); at <= highest; at++ {
		switch {
		case count[at] == 0 && len(n.Missing) < maxMissing:
			n.Missing = append(n.Missing, at)
		case count[at] > 1:
			n.Twice = append(n.Twice, at)
		}
		if at > uint64(len(c.subs))+maxMissing {
			break // the numbers are an author's claim: a list of a million gaps would be useless
		}
	}
	return n
}

const maxMissing = 20
