package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"zapis/crypto/ledger"
	"zapis/internal/escape"
	"zapis/internal/exit"
	"zapis/web"
)

// The site file holds what the operator publishes about themselves: `key = value` lines, and comments from #.
// docs/guides/operator.md has one to copy.

// loadSite reads the site file. Missing facts about the trustees come from the ledger's set.
func loadSite(name string, set ledger.TrusteeSet) (web.Site, error) {
	if name == "" {
		return trialSite(set), nil
	}
	f, err := os.Open(name)
	if err != nil {
		return web.Site{}, exit.New(exit.Failed, "", "the site file: %w", err)
	}
	defer f.Close()
	site, err := parseSite(f)
	if err == nil {
		err = fitSite(&site, set)
	}
	if err != nil {
		return web.Site{}, exit.New(exit.Failed, siteHint, "the site file %s: %w", name, err)
	}
	return site, nil
}

// keepDutyTrue removes the duty where no card receives signals: the form must not promise that urgent reports are
// looked for.
func keepDutyTrue(s *web.Site, set ledger.TrusteeSet, talk io.Writer) {
	if s.Duty == nil || len(set.Duty) > 0 {
		return
	}
	s.Duty = nil
	escape.Fprintln(talk, "zapisd: the site file names times of duty, and the ledger has no duty cards: reporters read that nobody is on duty")
}

// trialSite is used on loopback where there is no site file. It states that reports are not read.
func trialSite(set ledger.TrusteeSet) web.Site {
	return web.Site{
		Organisation: "Nobody (a trial on one computer)",
		Contact:      "nobody answers, this is a trial",
		CheckAt:      []string{"your own screen", "no other place"},
		Readers:      len(set.Trustees),
		Quorum:       set.Quorum.Identity,
		ReadingDays:  []time.Weekday{time.Monday, time.Thursday},
		Years:        10,
		Support:      "somebody whom you trust",
	}
}

// fitSite fills in facts from the ledger, and refuses a file that contradicts them.
func fitSite(s *web.Site, set ledger.TrusteeSet) error {
	if s.Readers == 0 {
		s.Readers = len(set.Trustees)
	}
	if s.Quorum == 0 {
		s.Quorum = set.Quorum.Identity
	}
	if s.Quorum != set.Quorum.Identity {
		return fmt.Errorf("quorum: reporters would read that %d must agree, but the ledger is set to %d", s.Quorum, set.Quorum.Identity)
	}
	return s.Check()
}

var weekdays = map[string]time.Weekday{
	"mon": time.Monday, "tue": time.Tuesday, "wed": time.Wednesday, "thu": time.Thursday,
	"fri": time.Friday, "sat": time.Saturday, "sun": time.Sunday,
}

// parseSite reads the lines. Every key but check-at may occur once.
func parseSite(r io.Reader) (web.Site, error) {
	var s web.Site
	var duty web.Duty
	seen := map[string]bool{}
	line, err := readSettings(r, func(_ int, key, value string) error {
		if seen[key] && key != "check-at" && !strings.HasPrefix(key, "check-at.") {
			return fmt.Errorf("%s stands there twice", key)
		}
		seen[key] = true
		if err := setSite(&s, &duty, key, value); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		return nil
	})
	if line > 0 {
		err = fmt.Errorf("line %d: %w", line, err)
	}
	if err != nil {
		return s, err
	}
	if seen["duty-days"] || seen["duty-hours"] || seen["duty-zone"] || seen["duty-clock"] {
		s.Duty = &duty
	}
	return s, nil
}

// setText sets one of the operator's texts in one language: `support.be = …`.
func setText(s *web.Site, name, lang, value string) error {
	t := s.In[lang]
	switch name {
	case "organisation":
		t.Organisation = value
	case "contact":
		t.Contact = value
	case "support":
		t.Support = value
	case "duty-zone":
		t.DutyZone = value
	case "check-at":
		t.CheckAt = append(t.CheckAt, value)
	default:
		return errors.New("no such key")
	}
	if s.In == nil {
		s.In = make(map[string]web.Texts)
	}
	s.In[lang] = t
	return nil
}

func setSite(s *web.Site, duty *web.Duty, key, value string) (err error) {
	if name, lang, ok := strings.Cut(key, "."); ok {
		return setText(s, name, lang, value)
	}
	switch key {
	case "organisation":
		s.Organisation = value
	case "contact":
		s.Contact = value
	case "check-at":
		s.CheckAt = append(s.CheckAt, value)
	case "readers":
		s.Readers, err = number(value)
	case "quorum":
		s.Quorum, err = number(value)
	case "reading-days":
		s.ReadingDays, err = days(value)
	case "years":
		s.Years, err = number(value)
	case "support":
		s.Support = value
	case "onion":
		s.Onion = value
	case "exit":
		s.Exit = value
	case "duty-days":
		duty.Days, err = days(value)
	case "duty-hours":
		var ok bool
		if duty.From, duty.To, ok = strings.Cut(value, "-"); !ok {
			err = errors.New("hours are two times with a dash, as 08:00-22:00")
		}
	case "duty-zone":
		duty.Zone = value
	case "duty-clock":
		if duty.Clock, err = time.LoadLocation(value); err != nil || value == "Local" {
			err = errors.New("it is a zone's name, as Europe/Warsaw")
		}
	default:
		err = errors.New("no such key")
	}
	return err
}

func number(value string) (int, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%s is not a whole number from 1", value)
	}
	return n, nil
}

func days(value string) ([]time.Weekday, error) {
	var list []time.Weekday
	for _, word := range strings.Fields(value) {
		day, ok := weekdays[word]
		if !ok {
			return nil, fmt.Errorf("%s is no weekday: mon tue wed thu fri sat sun", word)
		}
		list = append(list, day)
	}
	return list, nil
}
