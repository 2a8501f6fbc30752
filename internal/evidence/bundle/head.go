package bundle

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"zapis/crypto/ledger"
	"zapis/crypto/reporterkey"
	"zapis/crypto/seal"
	"zapis/internal/exit"
)

// The head of a submission (act, case, number and time, and the reporter's
// key) is committed line by line from version 2 of the statement on. A bundle
// always shows these lines. For version 1 they are the trustee's claim.

// errHeadWithheld refuses to withhold a line without which act, time, number
// and signature would be a trustee's claim.
func errHeadWithheld(field string) error {
	return exit.New(exit.Usage, "leave it out", "%s can't be withheld: a bundle always shows what a submission says about itself", field)
}

// governingOf converts public entries for readGovernance. An entry that can't
// be read keeps the index 0, and is refused there.
func governingOf(public []Public) []governing {
	var list []governing
	for _, p := range public {
		e, _ := ledger.ParseEntry(p.Entry)
		list = append(list, governing{e.Index, p.Entry, p.Body})
	}
	return list
}

// bodyOf parses the body of a submission for a bundle.
func bodyOf(c *governance, s Submission) (ledger.Body, error) {
	if s.Entry == nil {
		p, err := c.openPromise(s.Promise)
		if err != nil {
			return ledger.Body{}, err
		}
		return p.ParsedBody()
	}
	e, err := ledger.ParseEntry(s.Entry)
	return e.Body, err
}

// commitsHead reports whether a submission commits to its head.
func (d disclosure) commitsHead() bool {
	return len(d.Listing) > 0 && seal.IsHead(d.Listing[0].Field)
}

// head reads the head's lines, all of which must be shown.
func (d disclosure) head() (seal.Head, error) {
	return seal.ParseHead(func(field string) (seal.Line, bool) {
		l, ok := d.Lines[field]
		return l, ok
	})
}

// headLines verifies the heads of the submissions: that the record has the
// same, that they are of this case, and whose key signed them.
func (x *examination) headLines() {
	if x.governance == nil || len(x.opened) == 0 || len(x.opened) != len(x.record.Submissions) {
		return
	}
	firstBody := x.opened[0].place.Body.Hash()
	var first seal.Head
	var numbers []uint64
	for _, o := range x.opened {
		if !o.disclosure.commitsHead() {
			continue
		}
		h, err := o.disclosure.head()
		if err != nil {
			x.fault("%s: %v", disclosureFolder(o.n), err)
			return
		}
		switch {
		case h.Act != o.declared.Act:
			x.fault("%s: submission %d is said to be a %s, and commits to %s", recordPath, o.n+1, o.declared.Act, h.Act)
			return
		case h.Received.UTC().Format(timeLayout) != o.declared.ReceivedAt:
			x.fault("%s: submission %d is said to be received %s, and commits to another time", recordPath, o.n+1, o.declared.ReceivedAt)
			return
		case o.n > 0 && ledger.Hash(h.Case) != firstBody:
			x.fault("%s: submission %d commits to another case", recordPath, o.n+1)
			return
		}
		if o.n == 0 {
			first = h
		}
		if h.Number > 0 {
			numbers = append(numbers, h.Number)
		}
		x.committed = append(x.committed, submissionHead{o.n, h})
		x.sayAuthor(o, h, first)
	}
	x.sayNumbers(numbers)
}

// submissionHead is the committed head of the n-th submission.
type submissionHead struct {
	n    int
	head seal.Head
}

func (x *examination) headOf(n int) (seal.Head, bool) {
	i := slices.IndexFunc(x.committed, func(s submissionHead) bool { return s.n == n })
	if i < 0 {
		return seal.Head{}, false
	}
	return x.committed[i].head, true
}

// sayAuthor adds whether a later submission is signed with the key that the
// report commits to.
func (x *examination) sayAuthor(o openable, h, first seal.Head) {
	name := submissionName(o.n, o.declared)
	if o.n == 0 || o.declared.Act == actCollected {
		return
	}
	if first.Key == (reporterkey.Fingerprint{}) {
		x.notProve("That %s is by the reporter: the report is from before reports named a key, and nothing could be signed.", name)
		return
	}
	switch err := h.Verify(x.governance.Card.Genesis, o.disclosure.Listing, first.Key); {
	case err == nil:
		x.prove("%s is signed with the key that the report commits to, by both of its signatures: who sent it had the reporter's code.", upperFirst(name))
	case errors.Is(err, reporterkey.ErrSize):
		x.notProve("That %s is by the reporter: it is NOT SIGNED with the key that the report commits to. It counts for nothing.", name)
	default:
		x.notProve("That %s is by the reporter: %v. It counts for nothing.", name, err)
	}
}

// sayNumbers adds which of the reporter's submissions are not in the bundle.
func (x *examination) sayNumbers(numbers []uint64) {
	if len(numbers) == 0 {
		return
	}
	highest, gaps := slices.Max(numbers), []string(nil)
	for n := uint64(1); n <= highest && len(gaps) < 20; n++ {
		if !slices.Contains(numbers, n) && int(n) > x.unnumbered() {
			gaps = append(gaps, fmt.Sprint(n))
		}
	}
	slices.Sort(numbers)
	if twice := len(numbers) - len(slices.Compact(numbers)); twice > 0 {
		x.fault("%s: two submissions commit to the same number in the case", recordPath)
		return
	}
	if len(gaps) > 0 {
		x.notProve("What the reporter's submissions number %s said: they ARE MISSING here, and later ones are numbered after them.", strings.Join(gaps, ", "))
	}
	x.notProve("That the reporter sent nothing after number %d: a bundle can leave out the newest, a withdrawal among them.", highest)
}

// unnumbered returns how many of the reporter's submissions commit to no
// number: the oldest ones.
func (x *examination) unnumbered() (n int) {
	for _, o := range x.opened {
		if !o.disclosure.commitsHead() && o.declared.Act != actCollected {
			n++
		}
	}
	return n
}

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
