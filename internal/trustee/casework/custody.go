package casework

import (
	"fmt"
	"slices"
	"strings"
	"zapis/internal/evidence/custody"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/ledgercopy"
	"zapis/internal/trustee/vault"
)

// Events returns the events of the custody log that concern a case, by its id; all of them where it is empty.
func (v *Trustee) Events(c *Case) ([]custody.Event, error) {
	if err := v.NeedKey(); err != nil {
		return nil, err
	}
	log, err := v.eventIndex()
	if err != nil {
		return nil, err
	}
	numbers := log.numbers(func(e indexedEvent) bool {
		return c == nil || e.Case == c.ID || e.Case == "" && e.Act != custody.Viewed
	})
	var list []custody.Event
	for _, n := range numbers {
		e, err := v.Custody.Read(n, v.Key().Age)
		if err != nil {
			return nil, err
		}
		if c == nil || v.concerns(e, c.ID, c.submissions()) {
			list = append(list, e)
		}
	}
	return list, nil
}

// concerns reports whether an event is about a case, for its trustee: its own events, the batches in which its
// statements were opened, the imports that added it, and exports of many cases that contain it.
func (v *Trustee) concerns(e custody.Event, id string, subs []ledgercopy.Submission) bool {
	if e.Act == custody.Exported && e.Case == "" {
		cases, err := v.exportedCases(e)
		return err != nil || slices.Contains(cases, id) // a list that can't be read may name any case
	}
	if e.Case != "" || e.Act == custody.Imported || vault.IsSuccession(e) {
		return e.Case == id || e.Case == ""
	}
	for _, s := range subs {
		if e.Act == custody.Opened && batchNames(e.Subject, s) {
			return true
		}
	}
	return false
}

// SharedWith returns in words how an event about many cases or about the log concerns this case's submissions; empty
// where it does not.
func (v *Trustee) SharedWith(e custody.Event, o *casefile.Case) (string, error) {
	if vault.IsSuccession(e) {
		return e.Subject, nil
	}
	if e.Act == custody.Exported {
		cases, err := v.exportedCases(e)
		if err != nil || !slices.Contains(cases, o.ID) {
			return "", err
		}
		return e.Subject + ", this one among them", nil
	}
	var names []string
	for _, s := range o.Submissions {
		sub, known := v.Copy().SubmissionAt(s.Hash, s.Index)
		if !known {
			continue
		}
		if e.Act == custody.Opened && batchNames(e.Subject, sub) || e.Act == custody.Imported && importBrought(e.Subject, sub) {
			names = append(names, s.Place)
		}
	}
	switch {
	case len(names) == 0:
		return "", nil
	case e.Act == custody.Imported:
		return "a carry file was verified and taken in, with " + strings.Join(names, ", "), nil
	}
	return "statements were opened in order to be sorted into cases, among them of " + strings.Join(names, ", "), nil
}

// importBrought reports whether the import of this subject added a submission's entry.
func importBrought(subject string, s ledgercopy.Submission) bool {
	var entries, from, waiting uint64
	if s.Waiting {
		return false
	}
	_, err := fmt.Sscanf(subject, "carry file: %d entries from %d, %d waiting", &entries, &from, &waiting)
	return err == nil && from <= s.Index && s.Index < from+entries
}

// CaseExcerpt discloses those of a case's own events that may accepts, and of all others only the hashes, imports and
// batches among them: they would disclose other cases.
func (v *Trustee) CaseExcerpt(id string, may func(custody.Event) bool) (custody.Excerpt, error) {
	log, err := v.eventIndex()
	if err != nil {
		return custody.Excerpt{}, err
	}
	return v.Custody.Excerpt(v.Custody.Len(), log.of(id), func(e custody.Event) bool { return e.Case == id && may(e) }, v.Key().Age)
}

// SharedExcerpt discloses the events about a case and those about none that may accepts, and of all others only the
// hashes.
func (v *Trustee) SharedExcerpt(id string, may func(custody.Event) bool) (custody.Excerpt, error) {
	log, err := v.eventIndex()
	if err != nil {
		return custody.Excerpt{}, err
	}
	numbers := log.numbers(func(e indexedEvent) bool { return e.Case == id || e.Case == "" && e.Act != custody.Viewed })
	return v.Custody.Excerpt(v.Custody.Len(), numbers, may, v.Key().Age)
}

// CaseEvents returns a case's own events, by number.
func (v *Trustee) CaseEvents(id string) ([]custody.Event, error) {
	log, err := v.eventIndex()
	if err != nil {
		return nil, err
	}
	var list []custody.Event
	for _, n := range log.of(id) {
		e, err := v.Custody.Read(n, v.Key().Age)
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return list, nil
}

// ExportedAs returns the cases in an exported file, by its SHA-256 in hex, from the custody log.
func (v *Trustee) ExportedAs(hash string) ([]string, error) {
	log, err := v.eventIndex()
	if err != nil {
		return nil, err
	}
	var of []string
	for _, n := range log.numbers(func(e indexedEvent) bool { return e.Act == custody.Exported }) {
		e, err := v.Custody.Read(n, v.Key().Age)
		if err != nil {
			return nil, err
		}
		switch {
		case e.Out != hash:
		case e.Case != "":
			of = append(of, e.Case)
		default:
			list, err := v.exportedCases(e)
			if err != nil {
				return nil, err
			}
			of = append(of, list...)
		}
	}
	return of, nil
}
