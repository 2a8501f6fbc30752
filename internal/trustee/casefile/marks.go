package casefile

import (
	"slices"

	"zapis/internal/exit"
)

// Mark is what may be done with an exhibit of a letter.
type Mark string

const (
	Confidential Mark = "confidential"
	Communicable Mark = "may be communicated"
)

// Annex is an exhibit that a letter names.
type Annex struct {
	Exhibit
	Mark Mark
}

// Annexes checks the exhibits that a letter names, and returns them in the order of the case. An exhibit that may be
// communicated need not be named twice. No exhibit is included unless it is named.
func (c Case) Annexes(a Addressee, named, communicable []string, withIdentity bool) ([]Annex, error) {
	for _, name := range slices.Concat(named, communicable) {
		e, ok := c.Exhibit(name)
		switch {
		case !ok:
			return nil, exit.Advise(exit.Usage, exit.ListExhibits.With(), "%s has no exhibit %s", c.ID, name)
		case e.Identifies && !withIdentity:
			return nil, exit.Advise(exit.Failed, exit.WantIdentity.With(), "%s shows who the reporter is, and the letter is made without the identity", name)
		case e.Closed != "":
			return nil, exit.New(exit.KeyMissing, "leave it out, or ask the other trustees", "%s is closed: %s", name, e.Closed)
		case a.Marked && !slices.Contains(communicable, name):
			return nil, exit.Advise(exit.Failed, exit.AnnexCommunicable.With(name),
				"%s is confidential, and what goes to %s may be communicated to the state", name, a.English)
		}
	}
	var list []Annex
	for _, e := range c.Exhibits {
		switch {
		case slices.Contains(communicable, e.Name):
			list = append(list, Annex{e, Communicable})
		case slices.Contains(named, e.Name):
			list = append(list, Annex{e, Confidential})
		}
	}
	return list, nil
}

// CheckIdentity refuses to include the identity where it is closed, or where the addressee may not get it.
func (c Case) CheckIdentity(a Addressee) error {
	if a.Codes {
		return exit.Advise(exit.Usage, exit.LeaveOutIdentity.With(), "%s never gets the identity", a.English)
	}
	for _, s := range c.Submissions {
		if s.FromReporter() && s.Identity == nil {
			return exit.Advise(exit.KeyMissing, exit.LeaveOutOrAsk.With(), "%s: the identity part of %s is closed: %s", c.ID, s.Place, s.Closed)
		}
	}
	return nil
}
