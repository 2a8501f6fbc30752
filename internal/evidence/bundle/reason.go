package bundle

// Reason is the code of why something is withheld. The list is short so that
// reasons can be counted and compared, and so that a reason never discloses
// what it hides.
type Reason string

const (
	ReasonIdentity  Reason = "identity"
	ReasonClosed    Reason = "closed"
	ReasonConsent   Reason = "consent"
	ReasonSafety    Reason = "safety"
	ReasonOthers    Reason = "others"
	ReasonLocation  Reason = "location"
	ReasonScope     Reason = "scope"
	ReasonPrivilege Reason = "privilege"
	ReasonUnstated  Reason = "unstated"
)

// reasons are part of report.txt, and so of the format: a sentence here may not
// change without a new version of the record.
var reasons = map[Reason]string{
	ReasonIdentity:  "it shows who the reporter is, and this bundle was made without the identity",
	ReasonClosed:    "it stands in the identity part, which has not been opened",
	ReasonConsent:   "the reporter has not allowed it to be shown",
	ReasonSafety:    "it could put somebody in danger",
	ReasonOthers:    "it is about other people",
	ReasonLocation:  "it holds the place where it was made",
	ReasonScope:     "it does not belong to what was asked for",
	ReasonPrivilege: "it is between a client and a lawyer",
	ReasonUnstated:  "no reason is given",
}

// Reasons lists the reasons that a person may choose, in the order of help texts.
func Reasons() []Reason {
	return []Reason{ReasonConsent, ReasonSafety, ReasonOthers, ReasonLocation, ReasonScope, ReasonPrivilege, ReasonUnstated}
}

// Valid reports whether a person may choose the reason.
func (r Reason) Valid() bool {
	_, ok := reasons[r]
	return ok && r != ReasonIdentity && r != ReasonClosed
}

// Sentence returns the reason in words, without a full stop.
func (r Reason) Sentence() string { return reasons[r] }
