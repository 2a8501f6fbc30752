package pdf

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// custody renders the statement on the custody of the evidence and its limits.
func custody(f Facts) ([]byte, error) {
	s := newSheet("Chain of custody", "en", f)
	s.row("Case", f.Case, false)
	s.row("Bundle", fmt.Sprintf("format %d, made %s by %s with %s", f.Version, f.Made.Format(timeLayout), f.Signer, f.Tool), false)
	s.row("Signed with", f.Fingerprint, true)
	s.row("Ledger", f.Ledger, true)

	s.heading("What this is, and what it is not")
	s.item("An account given through a form on the Internet, with the files that came with it. It is unsworn.")
	s.item("It is unchanged since the entry was made: every answer and file shown is, to the byte, what was committed to on arrival.")
	s.item("Whether it is true has not been decided here. The identity of whoever gave it has not been verified%s.",
		map[bool]string{true: "; a name or contact in it is what was typed", false: ", and is not part of this bundle"}[f.Identity])

	s.received(f)
	s.times(f)

	s.heading("Where the plaintext existed")
	for _, line := range f.plaintext() {
		s.item("%s", line)
	}

	s.visits(f)
	s.withheld(f)
	s.keys(f)
	s.gaps(f)

	s.heading("How to verify")
	s.paragraph("VERIFY.txt has the exact commands for this bundle, with stock tools, and says what each proves and does not prove. The program zapis-verify does all of it at once. The ledger's card has to come from somewhere else than this bundle. This document is made of what stands in data/.")

	s.reserve(mm(700))
	s.heading("Signature")
	s.paragraph("The bundle is signed electronically (signatures/tagmanifest-sha256.txt.sig). By hand, where that is asked for:")
	s.signature(f.Signer + ", trustee")
	s.annex(f)
	return s.bytes()
}

func (s *sheet) received(f Facts) {
	s.heading("Received")
	for _, sub := range f.Submission {
		s.reserve(mm(400))
		s.row("What", sub.Name, false)
		s.row("Received", sub.Received+", by the clock of "+sub.clock()+sub.wordOf(f.Signer), false)
		s.row("Place", sub.place(), false)
		if sub.Entry != nil {
			s.row("Entry's hash", sub.Hash, true)
			s.row("Previous entry's", sub.Previous, true)
		}
		s.row("Body's hash", sub.Body, true)
		s.y += mm(20)
	}
}

func (sub Submission) clock() string {
	if sub.Ours {
		return "the trustee who collected it"
	}
	return "the intake server"
}

// wordOf returns who attests a submission's act, time and case.
func (sub Submission) wordOf(signer string) string {
	if sub.Committed {
		return "; that, and what kind of submission it is, was committed to when its entry was made"
	}
	if slices.Contains(sub.Keys, "statement") {
		return ", as its sealed statement has it, whose key is in the bundle"
	}
	return "; that, and what kind of submission it is, is the word of " + signer
}

// plaintext returns where the plaintext of the case existed, and who attests that.
func (f Facts) plaintext() []string {
	list := []string{"In the memory of the intake server while it was received. According to its operator the server sealed it as it arrived and wrote no plaintext to its disk."}
	var others []string
	for _, sub := range f.Submission {
		for _, name := range sub.SealedTo {
			if name != f.Signer && !slices.Contains(others, name) {
				others = append(others, name)
			}
		}
	}
	list = append(list, "On the device of the trustee "+f.Signer+", at the acts below.")
	if len(others) > 0 {
		list = append(list, fmt.Sprintf("On the devices of other trustees, if they opened it: the parts were sealed to %s as well. Their custody logs are not in this bundle, so that whether and when they opened it can't be seen here.", strings.Join(others, ", ")))
	}
	return append(list, "In this bundle, and wherever it is unpacked.")
}

func (s *sheet) times(f Facts) {
	s.heading("The ledger, and between which times")
	s.row("Checkpoint", fmt.Sprintf("%d entries", f.Size), false)
	s.row("Root", f.Root, true)
	s.row("Signed", f.Signed.Format(timeLayout)+" by the log's clock, with two signatures: Ed25519 and ML-DSA-44", false)
	s.row("Witnesses", witnesses(f.Witnesses), false)
	s.row("Time tokens", tokens(len(f.Tokens)), false)
	for _, t := range f.Tokens {
		s.row(fmt.Sprintf("Entry %d", t.Entry), fmt.Sprintf("%s, over the first %d entries", t.Text, t.Size), false)
	}
	s.paragraph("So the entries stand in this ledger not later than the checkpoint was signed, by the log's own clock.")
	bounded := false
	for _, sub := range f.Submission {
		if sub.Between != "" {
			bounded = true
			s.item("Entry %d, %s, was put at its place in the ledger %s.", *sub.Entry, sub.Name, sub.Between)
		}
	}
	if bounded {
		s.paragraph("That holds as far as those who are named there are relied upon. Their tokens were not verified when this page was made: VERIFY.txt has the lines for openssl, and zapis-verify takes their root certificates with --trust. What an entry holds may be older than its place.")
	} else {
		s.paragraph("No outside clock says so, and none says since when at the earliest.")
	}
}

func tokens(n int) string {
	switch n {
	case 0:
		return "none in this bundle"
	case 1:
		return "one, in an entry of the ledger"
	}
	return fmt.Sprintf("%d, in entries of the ledger", n)
}

func witnesses(n int) string {
	if n == 0 {
		return "none on this checkpoint"
	}
	return fmt.Sprintf("%d further signatures on this checkpoint; whose they are was not checked", n)
}

// A visit is a sequence of one trustee's acts without a pause of an hour.
type visit struct {
	from, to time.Time
	by       string
	events   []Event
}

const pause = time.Hour

func visits(events []Event) (list []visit) {
	for _, e := range events {
		if n := len(list); n > 0 && list[n-1].by == e.By && e.At.Sub(list[n-1].to) <= pause && !e.At.Before(list[n-1].to) {
			list[n-1].to = e.At
			list[n-1].events = append(list[n-1].events, e)
			continue
		}
		list = append(list, visit{e.At, e.At, e.By, []Event{e}})
	}
	return list
}

// when returns the time of a visit: the end only as far as it differs from the beginning.
func (v visit) when() string {
	from, to := v.from.Format("2006-01-02 15:04"), v.to.Format("2006-01-02 15:04")
	switch {
	case from == to:
		return from
	case from[:10] == to[:10]:
		return from + " to " + to[11:]
	}
	return from + " to " + to
}

// acts are the words for the codes of the custody log.
var acts = map[string]string{
	"received": "received", "verified": "verified", "opened": "opened", "viewed": "looked at", "extracted": "taken out of its sealed part",
	"translated": "translated", "asked": "asked the others to open", "granted": "helped to open", "exported": "put into a bundle", "withheld": "withheld",
	"handed-over": "handed over", "destroyed": "destroyed", "noted": "noted", "resealed": "sealed again", "imported": "taken in",
	"graded": "graded", "replied": "answered",
}

// done lists the acts of a visit, in the order in which each was first done.
func (v visit) done() (lines []string) {
	subjects := make(map[string][]string)
	var order []string
	for _, e := range v.events {
		if subjects[e.Act] == nil {
			order = append(order, e.Act)
		}
		text := e.Subject
		if e.Act == "noted" {
			text, _, _ = strings.Cut(text, ": ") // event N, at T by A: the annex has the rest
		}
		if e.Why != "" {
			text += " (reason: " + e.Why + ")"
		}
		if !slices.Contains(subjects[e.Act], text) {
			subjects[e.Act] = append(subjects[e.Act], text)
		}
	}
	for _, act := range order {
		word := acts[act]
		if word == "" {
			word = act
		}
		lines = append(lines, word+": "+strings.Join(subjects[act], "; "))
	}
	return lines
}

func (s *sheet) visits(f Facts) {
	s.heading("Who had it, and when")
	s.paragraph("From the custody log of %s, whose %d events form one log up to the root below. What follows without a pause of an hour is one visit; the annex has each event. Those that concern the evidence of this case are shown; of all others there are hashes in data/custody/events.txt. Times are UTC, by the trustee's own clock.",
		f.Signer, f.EventsTotal)
	s.row("Root", f.Head, true)
	for _, v := range visits(f.Events) {
		s.row(v.when(), "by "+orNoKey(v.by)+"\n"+strings.Join(v.done(), "\n"), false)
	}
}

// annex lists the events as they are in the log.
func (s *sheet) annex(f Facts) {
	s.newPage()
	s.heading("Annex: the events")
	for _, e := range f.Events {
		text := fmt.Sprintf("%s  %s", e.At.Format(timeLayout), e.Subject)
		if e.Why != "" {
			text += "\nreason: " + e.Why
		}
		s.row(fmt.Sprintf("%d  %s", e.Number, e.Act), text+"\nby "+orNoKey(e.By)+", with "+e.Tool, false)
	}
}

func orNoKey(by string) string {
	if by == "" {
		return "a person who gave no key"
	}
	return by
}

func (s *sheet) withheld(f Facts) {
	s.heading("What is withheld, and why")
	none := true
	for _, sub := range f.Submission {
		for _, w := range runs(sub.Withheld) {
			none = false
			s.item("%s of %s: %s.", w.Label, sub.Name, w.Reason)
		}
	}
	if none {
		s.paragraph("Nothing.")
	} else {
		s.paragraph("Of each the commitment is in the bundle: that there is exactly one answer to it, fixed on arrival, can be seen; what it says cannot.")
	}
}

func (s *sheet) gaps(f Facts) {
	s.heading("Gaps")
	s.item("The intake server saw the plaintext while it was received. A server that was already under somebody's control then could have read it, or put something else in its place before it was sealed.")
	s.item("The time of receipt is that of the server's clock, and the word of the trustee who signed this bundle, unless the statement's key is in it. The ledger proves the order.")
	s.item("Other submissions of this case may be in the ledger and not in this bundle, a withdrawal among them.")
	s.item("Whoever has the log's keys and one trustee's signing key can make a second history that fits the same ledger card. Only witnesses, and others' copies of the ledger, show that.")
	s.item("The custody log holds what was written into it, by a clock that nobody checked. %s", fixed(f.Fixed))
	s.item("That no later entry of the ledger changed its keys or its trustees is not shown: the ones here are those of entry %d.", f.SetAt)
	if len(f.Submission) > 1 {
		s.item("That the follow-ups are of the same case is said inside the sealed statements only.")
	}
	for _, sub := range f.Submission {
		if sub.Entry == nil {
			s.item("%s is not yet in the ledger. The log's signed promise for %s is in the bundle.", sub.Name, sub.Promised)
		}
	}
}

// keys states what the disclosure of a part's key proves.
func (s *sheet) keys(f Facts) {
	none := true
	for _, sub := range f.Submission {
		for _, k := range sub.Keys {
			if none {
				none = false
				s.heading("Parts whose keys are disclosed")
			}
			s.item("%s of %s.", k, sub.Name)
		}
	}
	if !none {
		s.paragraph("Of each the sealed bytes are in data/keys, with the key that opens them and no other part. Anybody can see that the bytes whose hash the ledger names decrypt to what is shown, without any trustee's key. It does not show who sealed them. Who has the key can make another file under the same header: what counts is the hash of the whole file, which is compared first.")
	}
}

func fixed(entries []uint64) string {
	if len(entries) == 0 {
		return "No head of it in the ledger is shown, so that it is as it was earlier is its holder's word."
	}
	return fmt.Sprintf("Heads of it stand in the ledger (entry %d the newest shown): up to there it cannot have been written anew since.", entries[len(entries)-1])
}
