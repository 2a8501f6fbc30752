package ledger

// Kind is what an entry is.
type Kind string

const (
	KindGenesis   Kind = "genesis"   // entry 0, and no other
	KindReport    Kind = "report"    // a first report or a follow-up
	KindReply     Kind = "reply"     // a tag and a message sealed to the reporter
	KindDuty      Kind = "duty"      // a tag and a duty person's answer, sealed to the reporter and the trustees
	KindReview    Kind = "review"    // notes that trustees share
	KindExhibit   Kind = "exhibit"   // what a trustee obtained later; parts as a report's
	KindCustody   Kind = "custody"   // the head of a trustee's custody log
	KindAnchor    Kind = "anchor"    // outside evidence about an earlier checkpoint
	KindTombstone Kind = "tombstone" // parts that were erased, and why
	KindTrustees  Kind = "trustees"  // a new set of trustees, or thresholds
	KindKey       Kind = "key"       // a new log key
	KindFiller    Kind = "filler"    // 64 random hexadecimal digits
)

// kindRules are what holds for all entries of a kind.
type kindRules struct {
	parts   bool // it has a report's parts and commitments, and not one body
	set     bool // it holds a set of trustees
	governs bool // it changes who may do what
	signed  bool // its body is a statement that a trustee of its set has signed
	tagged  bool // its reporter finds it by a tag

	// check verifies the form of the body, or of the content of the signed
	// statement; nil where any bytes are right, where parts are sealed, and
	// of a kind that governs, whose body Chain.govern verifies.
	check func(e Entry, content []byte) error
}

// kinds are all of them. docs/spec/ledger.md has a section on each.
var kinds = map[Kind]kindRules{
	KindGenesis:   {set: true, governs: true},
	KindReport:    {parts: true},
	KindReply:     {signed: true, tagged: true, check: checkReply},
	KindDuty:      {tagged: true, check: checkReply}, // who signed the answer stands in what is sealed
	KindReview:    {signed: true},
	KindExhibit:   {parts: true},
	KindCustody:   {signed: true, check: checkCustodyHead},
	KindAnchor:    {check: checkAnchor},
	KindTombstone: {governs: true},
	KindTrustees:  {set: true, governs: true},
	KindKey:       {governs: true},
	KindFiller:    {check: func(_ Entry, body []byte) error { return CheckFiller(body) }},
}

// Valid reports whether this is one of the kinds.
func (k Kind) Valid() bool { _, ok := kinds[k]; return ok }

// HasParts reports whether entries of this kind have a report's parts and
// commitments, and not one body.
func (k Kind) HasParts() bool { return kinds[k].parts }

// HasTrustees reports whether entries of this kind hold a set of trustees.
func (k Kind) HasTrustees() bool { return kinds[k].set }

// Tagged reports whether a reporter finds entries of this kind by a tag.
func (k Kind) Tagged() bool { return kinds[k].tagged }

// Governs reports whether entries of this kind change who may do what: their
// bodies must be known before later entries can be judged.
func (k Kind) Governs() bool { return kinds[k].governs }

// Signed reports whether the body of such an entry is a statement that one
// trustee has signed.
func (k Kind) Signed() bool { return kinds[k].signed }
