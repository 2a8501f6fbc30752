package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/exit"
	"zapis/internal/incident"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/casework"
)

// listCmd shows the cases of a vault.
type listCmd struct {
	vaultFlag
	filterFlags
	JSON bool `name:"json" help:"Write an array of objects."`
}

// listed is a case in list --json.
type listed struct {
	Case         string    `json:"case"`
	Index        *uint64   `json:"index"`
	ReceivedAt   time.Time `json:"received_at"`
	DangerNow    *string   `json:"danger_now"`
	Methods      []string  `json:"methods"`
	CountryEvent *string   `json:"country_event"`
	Consent      []string  `json:"consent"` // in force
	Attachments  int       `json:"attachments"`
	Deadline     *string   `json:"deadline"`
	Language     *string   `json:"language"`
	Basis        *string   `json:"basis"`
	PersonAgrees *string   `json:"person_agrees"`
	ConsentGiven []string  `json:"consent_given"`
	Withdrawn    *string   `json:"withdrawn"`
	FollowUps    int       `json:"follow_ups"`
	Collected    int       `json:"collected"`
	Waiting      int       `json:"waiting"`
	Fits         bool      `json:"commitments_ok"`
	Holds        []held    `json:"holds"`
	Duty         []seen    `json:"duty"`
	SamePage     *string   `json:"same_page"` // another case, sent from the same page of the form
}

func (l *listCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	if err := l.check(); err != nil {
		return err
	}
	if l.JSON {
		l.Sort = cmp.Or(l.Sort, "received")
	}
	return l.withCases(ctx, s, g, func(v *casework.Trustee, cases *casework.Cases) error {
		all := len(cases.List)
		cases.List = l.apply(cases.List, time.Now())
		err := v.RecordListing(len(cases.List))
		if err != nil {
			return err
		}
		if l.JSON {
			list := []listed{}
			for _, c := range cases.List {
				list = append(list, listedOf(c.Summary()))
			}
			err = escape.JSON(s.Out, list)
		} else {
			err = writeList(s.Out, cases.List, all)
		}
		if n := len(cases.Problems); err == nil && n > 0 {
			err = exit.New(exit.Mismatch, "say so to the other trustees", "%s not verify, as said above", casework.Many(n, "statement does", "statements do"))
		}
		return err
	})
}

func listedOf(c casefile.Summary) listed {
	return listed{
		Case: c.Case, Index: c.Index, ReceivedAt: c.Received, DangerNow: orNull(c.Danger), Methods: notNull(c.Methods),
		CountryEvent: orNull(c.Country), Consent: notNull(c.Consent), Attachments: c.Attachments, Deadline: orNull(c.Deadline),
		Language: orNull(c.Language), Basis: orNull(c.Basis), PersonAgrees: orNull(c.PersonAgrees), ConsentGiven: notNull(c.ConsentGiven),
		Withdrawn: orNull(c.Withdrawn), FollowUps: c.FollowUps, Collected: c.Collected, Waiting: c.Waiting, Fits: c.Fits, Holds: holdsOf(c), Duty: seenOf(c), SamePage: orNull(c.SamePage),
	}
}

// held is a hold in list --json and show --json.
type held struct {
	Entry   uint64   `json:"entry"`   // the hold's own
	Reason  string   `json:"reason"`  // proceedings, order or asked
	Entries []uint64 `json:"entries"` // of the case, of which nothing can be erased
}

func holdsOf(c casefile.Summary) []held {
	list := []held{}
	for _, h := range c.Holds {
		list = append(list, held{h.Index, h.Reason, h.Entries})
	}
	return list
}

// seen is an answer from somebody on duty in list --json.
type seen struct {
	By       string    `json:"by"`
	Sentence string    `json:"sentence"`
	Report   string    `json:"report"`
	Seen     time.Time `json:"seen"`
	Again    time.Time `json:"again"`
}

func seenOf(c casefile.Summary) []seen {
	list := []seen{}
	for _, d := range c.Duty {
		list = append(list, seen{d.By, d.Sentence, d.Report, d.Seen, d.Again})
	}
	return list
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func notNull(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// writeList takes two or three lines for a case, so that it can be read on a narrow terminal too.
func writeList(w io.Writer, cases []*casework.Case, all int) error {
	if len(cases) == 0 && all > 0 {
		_, err := fmt.Fprintf(w, "None of %s fits.\n", casework.Many(all, "case", "cases"))
		return err
	}
	if len(cases) == 0 {
		_, err := fmt.Fprintln(w, "There is no case in this vault that you can open.")
		return err
	}
	var b strings.Builder
	for _, c := range cases {
		s := c.Summary()
		fmt.Fprintf(&b, "%s  %s UTC  %-9s  %-7s  %s\n", s.Case, s.Received.Format("2006-01-02 15:04"), place(s), country(s.Country), danger(s))
		fmt.Fprintf(&b, "             %s\n", methods(s.Methods))
		fmt.Fprintf(&b, "             %s%s; %s\n", amount(s), notesText(s), consentText(s))
		for _, d := range s.Duty {
			fmt.Fprintf(&b, "             %s\n", escape.Text(d.English()))
		}
		for _, h := range s.Holds {
			fmt.Fprintf(&b, "             %s\n", onHold(h))
		}
		if s.SamePage != "" {
			fmt.Fprintf(&b, "             %s\n", sentTwice(s))
		}
	}
	if len(cases) < all {
		fmt.Fprintf(&b, "%d of %s\n", len(cases), casework.Many(all, "case", "cases"))
	} else {
		fmt.Fprintf(&b, "%s\n", casework.Many(all, "case", "cases"))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func onHold(h casefile.Hold) string {
	what := "it"
	if !h.Whole {
		var entries []string
		for _, index := range h.Entries {
			entries = append(entries, fmt.Sprintf("entry %d", index))
		}
		what = strings.Join(entries, ", ")
	}
	return fmt.Sprintf("ON HOLD by entry %d (%s): nothing of %s can be erased", h.Index, h.Reason, what)
}

// sentTwice returns a question, not a statement: going back to the page may also lead to another report.
func sentTwice(s casefile.Summary) string {
	return fmt.Sprintf("SENT TWICE? %s came from the same page of the form", s.SamePage)
}

func place(s casefile.Summary) string {
	switch {
	case s.Missing:
		return "orphan"
	case s.Index == nil:
		return "waiting"
	}
	return fmt.Sprintf("entry %d", *s.Index)
}

func country(code string) string {
	if code == "" {
		return "-"
	}
	return escape.Text(code)
}

func danger(s casefile.Summary) string {
	var text string
	switch s.Danger {
	case "yes":
		text = "DANGER NOW"
	case "unsure":
		text = "perhaps in danger"
	case "no":
		text = "no danger now"
	}
	if s.Deadline != "" {
		text += ", by " + escape.Text(s.Deadline)
	}
	return strings.TrimPrefix(text, ", ")
}

func methods(codes []string) string {
	if len(codes) == 0 {
		return "(nothing ticked)"
	}
	var words []string
	for _, code := range codes {
		word := escape.Text(code)
		if m, ok := incident.MethodByCode(code); ok {
			word = m.English
		}
		words = append(words, word)
	}
	return strings.Join(words, "; ")
}

func amount(s casefile.Summary) string {
	text := casework.Many(s.Attachments, "file", "files")
	if s.FollowUps > 0 {
		text += ", " + casework.Many(s.FollowUps, "follow-up", "follow-ups")
	}
	if s.Collected > 0 {
		text += ", " + casework.Many(s.Collected, "exhibit collected by trustees", "exhibits collected by trustees")
	}
	return text
}

// notesText is the language of the report, and how the reporter knows.
func notesText(s casefile.Summary) string {
	var text string
	if s.Language != "" {
		text += "; in " + escape.Text(s.Language)
	}
	if s.Basis != "" {
		text += "; " + escape.Text(incident.AnswerWords("basis", s.Basis))
	}
	return text
}

func consentText(s casefile.Summary) string {
	switch s.Withdrawn {
	case string(incident.ActStop):
		return "WITHDRAWN: must not be used any more"
	case string(incident.ActDelete):
		return "WITHDRAWN: must not be used, and is to be erased"
	}
	var to []string
	for _, c := range s.Consent {
		if word, ok := incident.ConsentWords[c]; ok {
			to = append(to, word)
		} else {
			to = append(to, escape.Text(c))
		}
	}
	text := "nothing is allowed"
	if len(to) > 0 {
		text = "allowed: " + strings.Join(to, ", ")
	}
	if len(s.Consent) < len(s.ConsentGiven) {
		text += " (more was ticked, and the person did not agree)"
	}
	if s.NotSigned > 0 {
		text += fmt.Sprintf("; %d NOT SIGNED with the reporter's key, and counted for nothing", s.NotSigned)
	}
	if len(s.Numbering.Missing) > 0 {
		text += fmt.Sprintf("; %d MISSING by their numbers", len(s.Numbering.Missing))
	}
	if !s.Fits {
		text += "; DOES NOT FIT ITS COMMITMENTS"
	}
	return text
}
