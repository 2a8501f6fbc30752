package intake

import (
	"slices"
	"time"

	"zapis/crypto/reportcode"
	"zapis/internal/incident"
)

// Consent is what a reporter allows now, as far as the states beside their locators tell. The server cannot read a
// statement; the consent of a case from before states existed is not Known until it changes.
type Consent struct {
	Known   bool
	Given   []string     // consents as ticked; none after a withdrawal
	InForce []string     // those that take effect (incident.InForce)
	Agrees  string       // newest answer to person_agrees, or empty
	Taken   incident.Act // ActStop or ActDelete where the case is withdrawn, or empty
	Since   time.Time    // day of the withdrawal, UTC; zero where it is not known
}

const consentsKnown = 1 << 31

// codesOf returns the codes of a field, in the order that states number them.
func codesOf(field string) []string {
	f, _ := incident.FieldByName(field)
	return f.Codes
}

func place(field, code string) uint8 { return uint8(slices.Index(codesOf(field), code) + 1) }

func codeAt(field string, place uint8) string {
	if codes := codesOf(field); place >= 1 && int(place) <= len(codes) {
		return codes[place-1]
	}
	return ""
}

// nextState returns the state of a case after a submission.
func nextState(last reportcode.State, s submission) reportcode.State {
	next := last
	next.Day = uint32(s.received.Unix() / (24 * 60 * 60))
	switch s.act {
	case incident.ActStop, incident.ActDelete:
		next.Consents = consentsKnown | next.Consents&urgencyBits
		return next
	case incident.ActReport:
		next.Consents = consentsKnown
	}
	attended(&next, s)
	if given := s.report.All("consent"); len(given) > 0 {
		next.Consents = consentsKnown | next.Consents&urgencyBits
		for _, c := range given {
			next.Consents |= 1 << slices.Index(codesOf("consent"), c)
		}
	}
	if a := s.report.One("person_agrees"); a != "" {
		next.Agrees = place("person_agrees", a)
	}
	if t := s.report.One("target"); t != "" {
		next.Target = place("target", t)
	}
	return next
}

// dayOf returns the day of a state, or the zero time.
func dayOf(s reportcode.State) time.Time {
	if s.Day == 0 {
		return time.Time{}
	}
	return time.Unix(int64(s.Day)*24*60*60, 0).UTC()
}

// consentOf derives the consents from the newest state and the acts of the case, in order.
func consentOf(last reportcode.State, sent []Sent) Consent {
	c := Consent{Known: last.Consents&consentsKnown != 0, Agrees: codeAt("person_agrees", last.Agrees)}
	for i, code := range codesOf("consent") {
		if last.Consents&(1<<i) != 0 {
			c.Given = append(c.Given, code)
		}
	}
	c.InForce = incident.InForce(c.Given, codeAt("target", last.Target), c.Agrees)
	for _, s := range sent {
		switch {
		case s.Act == incident.ActConsent:
			c.Taken, c.Since = "", time.Time{}
		case s.Act == incident.ActStop || s.Act == incident.ActDelete:
			if c.Taken == "" {
				c.Since = s.Day
			}
			c.Taken = s.Act
		}
	}
	if len(c.Given) > 0 { // a follow-up that gave consent again
		c.Taken, c.Since = "", time.Time{}
	}
	return c
}
