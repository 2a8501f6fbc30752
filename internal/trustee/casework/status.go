package casework

import (
	"slices"

	"zapis/internal/incident"
	"zapis/internal/trustee/casefile"
)

// Summary returns the state of a case.
func (c *Case) Summary() casefile.Summary {
	first := c.subs[0]
	s := casefile.Summary{Case: c.ID, Received: first.entry.Received, FollowUps: len(c.subs) - 1, Fits: true, Holds: c.holds, Duty: c.duty, Methods: first.entry.Answers.of("method"),
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
		s.Danger = casefile.Newer(s.Danger, f.one("danger_now"))
		s.Deadline = casefile.Newer(s.Deadline, f.one("deadline"))
		s.PersonAgrees = casefile.Newer(s.PersonAgrees, f.one("person_agrees"))
		s.Target = casefile.Newer(s.Target, f.one("target"))
		switch incident.Act(f.entry.Act) {
		case incident.ActStop, incident.ActDelete:
			s.Withdrawn, s.ConsentGiven = f.entry.Act, nil
			if f.entry.Act == string(incident.ActDelete) {
				asked := f.entry.Received
				s.ToErase, s.EraseSigned = &asked, author
			}
		default:
			if given := f.entry.Answers.of("consent"); len(given) > 0 {
				s.Withdrawn, s.ConsentGiven, s.ToErase, s.EraseSigned = "", given, nil, ""
			}
		}
	}
	s.Consent = incident.InForce(s.ConsentGiven, s.Target, s.PersonAgrees)
	s.Numbering = c.numbering()
	return s
}

// Deadlines lists the dates that a case's submissions name, each once.
func (c *Case) Deadlines() []casefile.Deadline {
	var list []casefile.Deadline
	for _, f := range c.subs {
		d := casefile.Deadline{Date: f.one("deadline"), What: f.one("deadline_what")}
		if f.entry.Fits && c.authorship(f).Counts() && d.Date != "" && !slices.Contains(list, d) {
			list = append(list, d)
		}
	}
	return list
}

func (f placedSubmission) one(field string) string {
	if given := f.entry.Answers.of(field); len(given) > 0 {
		return given[0]
	}
	return ""
}
