package casefile

// Authorship is whether a submission is signed with the key that its case's
// first statement commits to (docs/spec/commitments.md, "The reporter's key").
type Authorship string

const (
	AuthorFirst    Authorship = "report"       // the first report: it commits to the key
	AuthorSigned   Authorship = "signed"       // with the case's key
	AuthorUnsigned Authorship = "unsigned"     // nothing is signed, and the case has a key
	AuthorWrong    Authorship = "wrong"        // another key, or a signature that does not verify
	AuthorUnknown  Authorship = "unknown"      // the first report does not open here, so that its key is not known
	AuthorBefore   Authorship = "from-before"  // the case is older than such keys
	AuthorCollect  Authorship = "by-a-trustee" // collected: trustees sign for it in another way
)

// Counts reports whether the submission's changes take effect: consent, a
// withdrawal, an erasure, a replaced answer.
func (a Authorship) Counts() bool {
	return a == AuthorFirst || a == AuthorSigned || a == AuthorBefore
}

// Numbering is the result of comparing the numbers of a case's submissions,
// where they are committed.
type Numbering struct {
	Missing []uint64 // numbers below the highest that no submission here has
	Twice   []uint64 // numbers that more than one submission has
}
