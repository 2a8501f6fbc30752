package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/internal/exit"
)

var twoOfThree = ledger.TrusteeSet{Trustees: make([]card.Card, 3), Quorum: ledger.Quorum{Statement: 1, Attachment: 1, Identity: 2}}

// guideSite returns the site file of the operator's guide.
func guideSite(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "guides", "operator.md"))
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile("(?s)### The site file.*?```\n(.*?)```").FindSubmatch(page)
	if m == nil {
		t.Fatal("the guide has no site file")
	}
	return string(m[1])
}

func siteFile(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "site.conf")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestSiteOfTheGuide(t *testing.T) {
	s, err := loadSite(siteFile(t, guideSite(t)), twoOfThree)
	if err != nil {
		t.Fatal(err)
	}
	if s.Organisation != "Example Human Rights Group" || len(s.CheckAt) != 2 || s.Readers != 3 || s.Quorum != 2 ||
		len(s.ReadingDays) != 3 || s.ReadingDays[1] != time.Wednesday || s.Duty == nil || s.Duty.To != "22:00" {
		t.Errorf("read as %+v", s)
	}
}

func TestSiteWithoutAFile(t *testing.T) {
	s, err := loadSite("", twoOfThree)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Check(); err != nil {
		t.Error(err)
	}
	if !strings.Contains(s.Organisation, "trial") {
		t.Errorf("reporters would not read that it is a trial: %s", s.Organisation)
	}
}

func TestSiteTakesTheRestFromTheLedger(t *testing.T) {
	text := regexp.MustCompile(`(?m)^(readers|quorum|duty-\w+) .*\n`).ReplaceAllString(guideSite(t), "")
	s, err := loadSite(siteFile(t, text), twoOfThree)
	if err != nil {
		t.Fatal(err)
	}
	if s.Readers != 3 || s.Quorum != 2 || s.Duty != nil {
		t.Errorf("read as %+v", s)
	}
}

func TestDutyNeedsCards(t *testing.T) {
	withDuty := twoOfThree
	withDuty.Duty = make([]card.Card, 1)
	for text, set := range map[string]ledger.TrusteeSet{
		"": withDuty,
		"zapisd: the site file names times of duty, and the ledger has no duty cards: reporters read that nobody is on duty\n": twoOfThree,
	} {
		s, err := loadSite(siteFile(t, guideSite(t)), set)
		if err != nil {
			t.Fatal(err)
		}
		var talk strings.Builder
		keepDutyTrue(&s, set, &talk)
		if talk.String() != text || (s.Duty == nil) != (text != "") {
			t.Errorf("%d duty cards: %q, %+v", len(set.Duty), talk.String(), s.Duty)
		}
	}
	s := trialSite(twoOfThree)
	var talk strings.Builder
	if keepDutyTrue(&s, twoOfThree, &talk); talk.Len() > 0 {
		t.Errorf("without a site file: %q", talk.String())
	}
}

func TestSiteRefused(t *testing.T) {
	good := guideSite(t)
	for name, tt := range map[string]struct{ old, new, want string }{
		"unknown key":  {"years = 10", "yaers = 10", "line 22: yaers: no such key"},
		"no equals":    {"years = 10", "years 10", "line 22: a line is `key = value`, or begins with #"},
		"no value":     {"years = 10", "years =", "line 22: a line is `key = value`, or begins with #"},
		"twice":        {"years = 10", "years = 10\nyears = 11", "line 23: years stands there twice"},
		"no number":    {"years = 10", "years = ten", "line 22: years: ten is not a whole number from 1"},
		"no weekday":   {"mon wed fri", "mon Wednesday", "line 13: reading-days: Wednesday is no weekday: mon tue wed thu fri sat sun"},
		"no hours":     {"08:00-22:00", "all day", "line 17: duty-hours: hours are two times with a dash, as 08:00-22:00"},
		"other quorum": {"quorum       = 2", "quorum = 3", "quorum: reporters would read that 3 must agree, but the ledger is set to 2"},
		"one place":    {"check-at = the leaflet at our office\n", "", "check-at: name at least two places where the form's address can be compared"},
		"missing":      {"contact      = help@example.org\n", "", "contact: reporters must be able to reach you otherwise"},
	} {
		text := strings.Replace(good, tt.old, tt.new, 1)
		if text == good {
			t.Fatalf("%s: the guide's site file has no %q", name, tt.old)
		}
		file := siteFile(t, text)
		_, err := loadSite(file, twoOfThree)
		if err == nil || err.Error() != "the site file "+file+": "+tt.want {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
		if exit.HintOf(err) == "" {
			t.Errorf("%s: no hint", name)
		}
	}
	if _, err := loadSite(filepath.Join(t.TempDir(), "none"), twoOfThree); err == nil || !strings.HasPrefix(err.Error(), "the site file: open ") {
		t.Errorf("a missing file: %v", err)
	}
}

// The operator's texts can be given in each of the form's languages.
func TestSiteInOtherLanguages(t *testing.T) {
	site, err := parseSite(strings.NewReader("support = help\nsupport.be = дапамога\ncheck-at.be = тут\ncheck-at.be = там\norganisation.be = Дом\ncontact.be = ліст\nduty-zone.be = час\n"))
	if err != nil {
		t.Fatal(err)
	}
	be := site.In["be"]
	if site.Support != "help" || be.Support != "дапамога" || len(be.CheckAt) != 2 || be.Organisation != "Дом" || be.Contact != "ліст" || be.DutyZone != "час" {
		t.Errorf("%+v", site)
	}
	for text, want := range map[string]string{"years.be = 3\n": "line 1: years.be: no such key", "support.be = a\nsupport.be = b\n": "line 2: support.be stands there twice"} {
		if _, err := parseSite(strings.NewReader(text)); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}
