package casework

import (
	"slices"
	"time"

	"zapis/internal/incident"
	"zapis/internal/trustee/casefile"
)

// Summary is what is known of a case without opening anything again.
type Summary struct {
	Case         string
	Index        *uint64   // of the first report's entry; nil while it waits
	Missing      bool      // the first report is not in the vault, or does not open
	Received     time.Time // of the first report, by the server's clock
	Danger       string    // the newest answer, as are the next four
	Deadline     string
	PersonAgrees string
	Target       string     // to whom it happened
	Consent      []string   // in force: what the newest act gave, and the person's own agreement lets through
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
	NotSigned    int // follow-ups that the reporter's key did not sign and that count for nothing
	Numbering    Numbering
	EraseSigned  Authorship // of the newest request to erase; empty where there is none
	Fits         bool
	Holds        []Hold // in force
	SamePage     string // another case, whose report was sent from the same page of the form; empty where there is none
}

// Summary tells where a case stands.
func (c *Case) Summary() Summary {
	first := c.subs[0]
	s := Summary{Case: c.ID, Received: first.entry.Received, FollowUps: len(c.subs) - 1, Fits: true, Holds: c.holds, Methods: first.entry.Answers["method"],
		Country: first.one("country_event"), Language: first.one("language"), Basis: first.one("basis")}
	if first.entry.Act != string(incident.ActReport) {
		s.Missing = true
		s.FollowUps++
	}
	if !first.Waiting {
		s.Index = &first.Index
	}
	if c.samePage != nil {
		s.SamePage = c.samePage.ID
	}
	for _, f := range c.subs {
		s.Attachments += len(attachmentsOf(f.Body))
		s.Fits = s.Fits && f.entry.Fits
		if f.Waiting {
			s.Waiting++
		}
		if f.entry.Act == actExhibit {
			s.Collected++
			s.FollowUps--
			continue
		}
		if !f.entry.Fits {
			continue
		}
		author := c.authorship(f)
		if !author.Counts() {
			s.NotSigned++
			continue
		}
		s.Danger = newer(s.Danger, f.one("danger_now"))
		s.Deadline = newer(s.Deadline, f.one("deadline"))
		s.PersonAgrees = newer(s.PersonAgrees, f.one("person_agrees"))
		s.Target = newer(s.Target, f.one("target"))
		switch incident.Act(f.entry.Act) {
		case incident.ActStop, incident.ActDelete:
			s.Withdrawn, s.ConsentGiven = f.entry.Act, nil
			if f.entry.Act == string(incident.ActDelete) {
				asked := f.entry.Received
				s.ToErase, s.EraseSigned = &asked, author
			}
		default:
			if given := f.entry.Answers["consent"]; len(given) > 0 {
				s.Withdrawn, s.ConsentGiven, s.ToErase, s.EraseSigned = "", given, nil, ""
			}
		}
	}
	s.Consent = incident.InForce(s.ConsentGiven, s.Target, s.PersonAgrees)
	s.Numbering = c.numbering()
	return s
}

// Deadline is a date that a reporter has named.
type Deadline struct{ Date, What string }

// Deadlines lists the dates that a case's submissions have named, each once.
func (c *Case) Deadlines() []Deadline {
	var list []Deadline
	for _, f := range c.subs {
		d := Deadline{f.one("deadline"), f.one("deadline_what")}
		if f.entry.Fits && c.authorship(f).Counts() && d.Date != "" && !slices.Contains(list, d) {
			list = append(list, d)
		}
	}
	return list
}

func (f placedSubmission) one(field string) string {
	if given := f.entry.Answers[field]; len(given) > 0 {
		return given[0]
	}
	return ""
}

func newer(old, given string) string {
	if given == "" {
		return old
	}
	return given
}

// Standing is what the reporter allows now, as whoever is to get something of the case is judged by.
func (s Summary) Standing() casefile.Standing {
	return casefile.Standing{Case: s.Case, InForce: s.Consent, Given: s.ConsentGiven, PersonAgrees: s.PersonAgrees, Withdrawn: s.Withdrawn}
}
