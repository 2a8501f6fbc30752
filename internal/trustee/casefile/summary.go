package casefile

import (
	"fmt"
	"time"
)

// Summary is what the index has of a case, without opening anything.
type Summary struct {
	Case         string
	Index        *uint64   // of the first report's entry; nil while it waits
	Missing      bool      // the first report is not in the vault, or does not open
	Received     time.Time // of the first report, by the server's clock
	Danger       string    // the newest answer, as are the next four
	Deadline     string
	PersonAgrees string
	Target       string     // the person concerned: self or another
	Consent      []string   // in force: those of the newest act, as far as the agreement of the person concerned allows
	ConsentGiven []string   // as it was ticked
	Withdrawn    string     // stop or delete, where that is the newest act on consent
	ToErase      *time.Time // when the reporter asked for it to be erased; nil where they did not
	Methods      []string
	Country      string // where it happened
	Language     string
	Basis        string
	Attachments  int
	FollowUps    int // the reporter's submissions after the first report
	Collected    int // submissions of trustees
	Waiting      int // of all of them
	NotSigned    int // follow-ups that the reporter's key did not sign; they have no effect
	Numbering    Numbering
	EraseSigned  Authorship // of the newest request to erase; empty where there is none
	Fits         bool
	Holds        []Hold // in force
	Duty         []OnDuty
	SamePage     string // another case, whose report was sent from the same page of the form; empty where there is none
}

// Urgency orders cases by danger: 0 now, 1 perhaps, 2 where none was named.
func (s Summary) Urgency() int {
	switch s.Danger {
	case "yes":
		return 0
	case "unsure":
		return 1
	}
	return 2
}

// OnDuty is that somebody on duty saw a submission, and which fixed sentence they sent.
type OnDuty struct {
	By       string // name of the duty card
	Sentence string
	Report   string    // body hash of the submission
	Seen     time.Time // by the duty person's clock, UTC
	Again    time.Time // when the reporter was told to look again, UTC
	Index    *uint64   // of the entry; nil while it waits
}

// English says who saw it and when, and what the reporter was answered. The name is as the card has it: a terminal escapes it.
func (d OnDuty) English() string {
	const minute = "2006-01-02 15:04"
	return fmt.Sprintf("on duty, %s saw it %s UTC, and answered: %s, look again %s UTC", d.By, d.Seen.Format(minute), d.Sentence, d.Again.Format(minute))
}

// Hold keeps a case, or some of it: nothing of these entries can be erased.
type Hold struct {
	Index   uint64 // of the entry that brought it
	Reason  string
	Entries []uint64 // of the case
	Whole   bool     // they are all that the case has
}

// Deadline is a date that a reporter named.
type Deadline struct{ Date, What string }

// Allowed returns what the reporter allows now, for the check of an addressee.
func (s Summary) Allowed() Allowed {
	return Allowed{Case: s.Case, InForce: s.Consent, Given: s.ConsentGiven, PersonAgrees: s.PersonAgrees, Withdrawn: s.Withdrawn}
}
