package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"zapis/crypto/ledger"
	"zapis/crypto/seal"
	"zapis/internal/incident"
)

// submissions verifies every submission of the case, then builds the record
// again from the proven values and compares.
func (x *examination) submissions() {
	text, ok := x.text(recordPath)
	plain, ok2 := x.text(recordTextPath)
	if !ok || !ok2 || x.governance == nil {
		return
	}
	claimed, err := parseRecord(text)
	if err != nil {
		x.fault("%s: %v", recordPath, err)
		return
	}
	if want := recordFormats[x.info.Version]; x.info.Version > 0 && claimed.Format != want {
		x.fault("%s: is of the format %s, and a bundle of version %d has %s", recordPath, claimed.Format, x.info.Version, want)
		return
	}
	built := record{Format: claimed.Format, Ledger: x.governance.Card.String()}
	exhibits := make(map[string]bool)
	identity := false
	for n, claim := range claimed.Submissions {
		p, d, ok := x.submission(n, claim)
		if !ok {
			return
		}
		why := make(map[string]Reason)
		for _, w := range claim.Withheld {
			why[w.Field] = w.Reason
		}
		s, err := assemble(n, p, claim.Act, claim.ReceivedAt, d, why, func(a seal.AttachmentValue) string {
			return attachmentPath(x.info.Version, a, claim.file(a.Exhibit))
		})
		if err != nil {
			x.fault("%s: %v", disclosureFolder(n), err)
			return
		}
		if n == 0 {
			built.Case = caseID(p.Body)
		}
		for _, a := range s.Attachments {
			if exhibits[a.Exhibit] {
				x.fault("%s: the exhibit number %s is there twice", disclosureFolder(n), a.Exhibit)
			}
			exhibits[a.Exhibit] = true
			x.original(a)
		}
		x.opened = append(x.opened, openable{n, p, d, s})
		identity = identity || showsIdentity(s)
		built.Submissions = append(built.Submissions, s)
	}
	x.record = built
	again, err := built.marshal()
	if err != nil || !bytes.Equal(again, text) {
		x.fault("%s: does not say what the disclosed lines and the ledger say", recordPath)
		return
	}
	if again, err := built.text(); err != nil || !bytes.Equal(again, plain) {
		x.fault("%s: does not say what %s says", recordTextPath, recordPath)
		return
	}
	if x.info.Case != built.Case {
		x.fault("%s: names another case than the report's, %s", bagInfoPath, built.Case)
	}
	if x.info.Identity != identity {
		x.fault("%s: does not say rightly whether the identity is included", bagInfoPath)
	}
	x.headLines()
	x.slotTimes()
	x.sayCase()
}

// showsIdentity reports whether anything of the identity part's fixed fields
// is shown.
func showsIdentity(s submission) bool {
	return slices.ContainsFunc(s.Answers, func(a answer) bool {
		return slices.Contains(incident.IdentityNames(), a.Field)
	})
}

// submission verifies the place of the n-th submission and its disclosed lines.
func (x *examination) submission(n int, claim submission) (place, disclosure, bool) {
	p, recorded, ok := x.place(n, claim)
	if !ok {
		return place{}, disclosure{}, false
	}
	folder := disclosureFolder(n)
	text, ok := x.text(folder + listingName)
	if !ok {
		return place{}, disclosure{}, false
	}
	fields, err := x.governance.fieldsOf(p.Body)
	if err != nil {
		x.fault("%s%s: %v", folder, listingName, err)
		return place{}, disclosure{}, false
	}
	listing, err := seal.ParseListing(text, fields)
	if err != nil {
		x.fault("%s%s: %v", folder, listingName, err)
		return place{}, disclosure{}, false
	}
	if sha256.Sum256(text) != p.Body.Commitments {
		x.fault("%s%s: is not the list whose hash is in %s", folder, listingName, recorded)
		return place{}, disclosure{}, false
	}
	d := disclosure{Listing: listing, Lines: make(map[string]seal.Line)}
	for _, c := range listing {
		path := folder + c.Field + ".json"
		text, there := x.bag.texts[path]
		if !there {
			continue
		}
		x.used[path] = true
		if sha256.Sum256(text) != c.Hash {
			x.fault("%s: is not the line that was committed to", path)
			return place{}, disclosure{}, false
		}
		l, err := seal.ParseLine(text)
		if err != nil || l.Field != c.Field {
			x.fault("%s: is not the disclosure line of %s", path, c.Field)
			return place{}, disclosure{}, false
		}
		d.Lines[c.Field] = l
	}
	return p, d, true
}

// place verifies the position of a submission in the ledger, or its promise.
func (x *examination) place(n int, claim submission) (p place, recorded string, ok bool) {
	if claim.Entry != nil {
		recorded = entryPath(*claim.Entry)
		text, ok := x.text(recorded)
		if !ok {
			return place{}, "", false
		}
		e, err := ledger.ParseEntry(text)
		if err != nil {
			x.fault("%s: %v", recorded, err)
			return place{}, "", false
		}
		x.receipt(receiptPathOf(n, e.Index), text)
		if x.entries[e.Index] {
			x.fault("%s: one entry stands for two submissions", recorded)
		}
		x.entries[e.Index] = true
		p = place{Entry: &e, Body: e.Body}
	} else {
		hash, err := hex.DecodeString(claim.Body)
		if err != nil || len(hash) != 32 {
			x.fault("%s: submission %d has neither an entry nor the hash of a body", recordPath, n+1)
			return place{}, "", false
		}
		recorded = promisePathOf(n, [32]byte(hash))
		text, ok := x.text(recorded)
		if !ok {
			return place{}, "", false
		}
		promise, err := x.governance.openPromise(text)
		if err == nil {
			p.Wait = &promise
			p.Body, err = promise.ParsedBody()
		}
		if err != nil {
			x.fault("%s: %v", recorded, err)
			return place{}, "", false
		}
	}
	if kind := kindOf(claim.Act); p.Body.Kind != kind {
		x.fault("%s: is of the kind %s, and the record says %s", recorded, p.Body.Kind, claim.Act)
		return place{}, "", false
	}
	if !x.governance.hasSet(p.Body.Trustees) {
		x.fault("%s: is sealed to the trustees of entry %d, which this bundle does not show", recorded, p.Body.Trustees)
	}
	return p, recorded, true
}

func kindOf(act string) ledger.Kind {
	if act == actCollected {
		return ledger.KindExhibit
	}
	return ledger.KindReport
}

// original compares an attachment with its disclosure line.
func (x *examination) original(a exhibit) {
	x.used[a.File] = true
	sum, there := x.bag.sums[a.File]
	switch {
	case !there:
		x.fault("%s: its line is disclosed, and the file is missing", a.File)
	case fmt.Sprintf("%x", sum) != a.SHA256:
		x.fault("%s: is not the file that was committed to", a.File)
	case x.bag.sizes[a.File] != a.Size:
		x.fault("%s: does not have the size that was committed to", a.File)
	}
}

// sayCase adds sentences about what the submissions show.
func (x *examination) sayCase() {
	answered, empty, files := 0, 0, 0
	var placed []string
	for n, s := range x.record.Submissions {
		for _, a := range s.Answers {
			if string(a.Value) == "null" {
				empty++
			} else {
				answered++
			}
		}
		files += len(s.Attachments)
		if s.Entry != nil {
			placed = append(placed, fmt.Sprintf("%s is entry %d", submissionName(n, s), *s.Entry))
		} else {
			x.notProve("The place of %s in the ledger: not yet; promised for slot %s, with the log's two signatures.",
				submissionName(n, s), *s.PromisedFor)
		}
		for _, w := range s.Withheld {
			x.Withheld = append(x.Withheld, fmt.Sprintf("%s of %s: %s.", w.Field, submissionName(n, s), w.Reason.Sentence()))
		}
		x.sayClaims(n, s)
	}
	x.prove("The %d answers and %d files shown, and that %d questions were left empty, are what was committed to on arrival: %s.",
		answered, files, empty, unchangedSince(len(placed), len(x.record.Submissions)))
	if len(placed) > 0 {
		x.prove("In the ledger %s, under a checkpoint of %d entries that both of the log's keys signed, for %s by the log's clock.",
			strings.Join(placed, ", "), x.checkpoint.Size, x.checkpoint.Time.Format(timeLayout))
	}
	x.notProve("That nothing is left out: other submissions of this case may be in the ledger, a change of consent or a withdrawal among them.")
	x.notProve("That what the report says is so. Who the reporter is.")
}

// unchangedSince returns since when the answers can't have been changed.
func unchangedSince(placed, all int) string {
	switch placed {
	case all:
		return "unchanged since the entry was made"
	case 0:
		return "unchanged since the log promised an entry"
	}
	return "unchanged since the entry was made, or promised"
}

// sayClaims names what the record claims about a submission without proof.
func (x *examination) sayClaims(n int, s submission) {
	name := submissionName(n, s)
	if h, ok := x.headOf(n); ok {
		who := "the intake server's clock"
		if s.Act == actCollected {
			who = "the trustee's clock"
		}
		x.prove("%s commits to its act (%s), its place in this case and its time, %s by %s, since its entry was made.", upperFirst(name), h.Act, s.ReceivedAt, who)
		x.notProve("That %s was right when %s came.", who, name)
		return
	}
	if x.discloses(n) {
		// With the statement's key in the bundle, act, time and case are those
		// that were sealed.
		if s.Act != actCollected {
			x.notProve("That %s was received at %s: this is the intake server's clock, as the sealed statement has it.", name, s.ReceivedAt)
			return
		}
		x.notProve("That %s was collected at %s: this is the trustee's clock, as the sealed statement has it.", name, s.ReceivedAt)
		return
	}
	what := fmt.Sprintf("That %s is a %s, received at %s by the intake server's clock", name, actWords[s.Act], s.ReceivedAt)
	if s.Act == actCollected {
		what = fmt.Sprintf("That %s was collected by a trustee at %s", name, s.ReceivedAt)
	}
	if n > 0 {
		what += ", and that it is of this case"
	}
	x.notProve("%s: this is the word of %s. Its sealed statement says so or not; the statement's key is not in the bundle.", what, x.info.Signer)
}

// actWords name acts inside a sentence.
var actWords = map[string]string{
	string(incident.ActReport):   "first report",
	string(incident.ActFollowUp): "follow-up",
	string(incident.ActConsent):  "change of consent",
	string(incident.ActStop):     "withdrawal",
	string(incident.ActDelete):   "withdrawal with a request to delete",
}

// submissionName returns the name of the n-th submission in sentences.
func submissionName(n int, s submission) string {
	switch {
	case n == 0:
		return "the report"
	case s.Act == actCollected:
		return fmt.Sprintf("follow-up %d (collected by the trustees)", n)
	}
	return fmt.Sprintf("follow-up %d", n)
}
