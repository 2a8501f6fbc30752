package incident

import "fmt"

// Kind is the type of a field's answer.
type Kind string

const (
	KindCode     Kind = "code"     // one of Codes; several where Multi
	KindText     Kind = "text"     // free text within MaxBytes and MaxChars
	KindDate     Kind = "date"     // YYYY-MM-DD
	KindWhen     Kind = "when"     // YYYY-MM-DD, YYYY-MM or YYYY
	KindCountry  Kind = "country"  // ISO 3166-1 alpha-2, or "unknown"
	KindLanguage Kind = "language" // a language tag in the manner of BCP 47: "be", "be-tarask"
)

// Field describes one question.
type Field struct {
	Name     string
	Kind     Kind
	Multi    bool     // accepts several codes; answers are in the order of Codes
	Identity bool     // stored in the identity part, under its own quorum
	MaxBytes int      // of UTF-8, after CR LF became LF; 0 where Codes or the kind bound it
	MaxChars int      // Unicode code points; 0: MaxBytes alone counts
	Codes    []string // the accepted codes, in their order; nil for other kinds
	Since    int      // the version of the vocabulary that brought it; 0 counts as 1
	Label    string   // a few English words beside its answer, in a trustee's programs
}

// Slots is the most files of one submission, and the number of attachment
// slots that are committed for each, used or not.
const Slots = 16

// FileField is the form's name for an uploaded file, and the Field of refusals
// that concern files.
const FileField = "file"

// VocabularyVersion is the newest version of the schema, which new ledgers
// have. A ledger's genesis names the version in force, and a later trustees
// entry may raise it; each entry is read by the version of the set that it
// names.
const VocabularyVersion = 2

// fields are the questions of all versions, in their fixed order. A new
// question is a row at any place with the version that adds it:
// docs/spec/incident.md.
var fields = []Field{
	{Name: "danger_now", Label: "in danger now", Kind: KindCode, Codes: []string{"no", "unsure", "yes"}},
	{Name: "deadline", Label: "date to know", Kind: KindDate},
	{Name: "deadline_what", Label: "what that is", Kind: KindText, MaxBytes: 200},
	{Name: "narrative", Label: "what happened", Kind: KindText, MaxBytes: 40_000, MaxChars: 16_000},
	{Name: "language", Label: "language", Kind: KindLanguage, MaxBytes: 35},
	{Name: "method", Label: "part of it", Kind: KindCode, Multi: true, Codes: codesOf(methods)},
	{Name: "when", Label: "when", Kind: KindWhen},
	{Name: "when_precision", Label: "how exact", Kind: KindCode, Codes: []string{"day", "month", "year", "ongoing", "unknown"}},
	{Name: "country_event", Label: "where", Kind: KindCountry},
	{Name: "country_now", Label: "lives in", Kind: KindCountry},
	{Name: "target", Label: "to whom", Kind: KindCode, Codes: []string{"me", "relative", "acquaintance", "assisted", "group"}},
	{Name: "target_role", Label: "who that is", Kind: KindCode, Codes: []string{"activist", "journalist", "lawyer", "student", "relative",
		"former_prisoner", "volunteer_fighter", "ordinary", "other"}},
	{Name: "basis", Label: "known from", Kind: KindCode, Codes: []string{"present", "told_by_person", "told_by_other", "seen"}},
	{Name: "person_agrees", Label: "they agree", Kind: KindCode, Codes: []string{"self", "yes", "undecided", "unasked"}},
	{Name: "reported_to", Label: "told so far", Kind: KindCode, Multi: true, Codes: []string{"police", "other", "nobody"}},
	{Name: "consent", Label: "may be used", Kind: KindCode, Multi: true, Codes: []string{"store", "statistics", "lawyer", "police", "court",
		"un", "ccf", "other", "ask", "state", "publish"}},
	{Name: "contact", Label: "contact", Kind: KindText, Identity: true, MaxBytes: 2_000},
	{Name: "contact_when", Label: "safe when", Kind: KindText, Identity: true, MaxBytes: 500},
	{Name: "name", Label: "name", Kind: KindText, Identity: true, MaxBytes: 2_000},
	{Name: "files_identify", Label: "files", Kind: KindCode, Codes: []string{"yes"}},
}

// housekeeping lists the form's technical fields: its nonce, the code, the
// language of the page, the kind of submission, and filler for its size.
var housekeeping = []string{"form", "code", "lang", "act", "filler"}

// Act is the kind of a submission: its effect on its case.
type Act string

const (
	ActReport   Act = "report"    // opens a case
	ActFollowUp Act = "follow-up" // adds words or files to it
	ActConsent  Act = "consent"   // replaces what is allowed
	ActStop     Act = "stop"      // nothing may be used any more
	ActDelete   Act = "delete"    // stop, and erase
)

// rule lists the answers that an act accepts and needs.
type rule struct {
	only     []string            // the accepted fields; nil: all of them
	required map[string][]string // field -> the codes that must be among its answers, nil: any answer
}

var rules = map[Act]rule{
	ActReport:   {required: map[string][]string{"narrative": nil, "consent": {"store"}}},
	ActFollowUp: {},
	ActConsent:  {only: []string{"person_agrees", "consent"}, required: map[string][]string{"consent": {"store"}}},
	ActStop:     {only: []string{}},
	ActDelete:   {only: []string{}},
}

// Acts lists the acts of a reporter.
func Acts() []Act { return []Act{ActReport, ActFollowUp, ActConsent, ActStop, ActDelete} }

// SlotName returns the name of the n-th attachment slot of a submission, from
// 1.
func SlotName(n int) string { return fmt.Sprintf("attachment-%d", n) }

// ExhibitName returns the name of the n-th exhibit of a case, from 1: A01 …
// A99, A100.
func ExhibitName(n int) string { return fmt.Sprintf("A%02d", n) }
