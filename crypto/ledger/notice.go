package ledger

import (
	"bytes"
	"slices"
	"strconv"

	"zapis/crypto/canonical"
)

// Under the second rules a change of the set, an erasure and the release of a
// hold are announced first, by an entry of the kind tombstone with a notice. The
// entry that makes the change comes some slots later, with the same approvals,
// unless a trustee has objected. A hold takes effect at once: to keep is the safe
// side. So does a change of keys: who must replace a stolen key must not wait, and
// no key of the log lets anybody read or erase.

const (
	noticeHeader    = "zapis/notice/v1"
	objectionHeader = "zapis/objection/v1"
)

// NoticeText announces a change: a header, and the proposal's whole text.
//
//	zapis/notice/v1
//	zapis/trustees/v1
//	…
func NoticeText(proposal []byte) []byte { return append([]byte(noticeHeader+"\n"), proposal...) }

// IsNotice and IsObjection tell these from other proposals of the kind tombstone.
func IsNotice(text []byte) bool    { return hasHeader(text, noticeHeader) }
func IsObjection(text []byte) bool { return hasHeader(text, objectionHeader) }

// IsDelayed says whether a proposal takes effect some slots after its notice,
// where the ledger has such a delay.
func IsDelayed(proposal []byte) bool {
	return hasHeader(proposal, trusteesHeader) || hasHeader(proposal, tombstoneHeader2) || hasHeader(proposal, releaseHeader)
}

// NoticedProposal gives the proposal that a notice announces, once it can be read.
func NoticedProposal(notice []byte) (proposal []byte, err error) {
	proposal, ok := bytes.CutPrefix(notice, []byte(noticeHeader+"\n"))
	if !ok || !IsDelayed(proposal) {
		return nil, canonical.Refuse("notice: line 2: it announces a change of trustees, an erasure or a release, and nothing else")
	}
	switch {
	case hasHeader(proposal, trusteesHeader):
		_, err = ParseTrusteesChange(proposal)
	case hasHeader(proposal, releaseHeader):
		_, err = ParseRelease(proposal)
	default:
		_, err = ParseTombstone(proposal)
	}
	if err != nil {
		return nil, canonical.Refuse("notice: %w", err)
	}
	return proposal, nil
}

// approvedText is what the approvals in a body are about.
func approvedText(text []byte) []byte {
	if IsNotice(text) {
		return text[len(noticeHeader)+1:]
	}
	return text
}

// Objection stops a change that was announced:
//
//	zapis/objection/v1
//	origin example.org/ledger
//	notice 57 <leaf hash of the notice's entry>
//
// It needs one approval, of any trustee in force. One who objects to everything
// can keep the others from replacing them; what is left to those is a ledger that
// goes on from this one (zapisd init --continue).
type Objection struct {
	Origin string
	Notice uint64 // index of the notice's entry
	Leaf   Hash   // leaf hash of that entry
}

// Marshal writes the proposal's text.
func (o Objection) Marshal() []byte {
	return []byte(objectionHeader + "\norigin " + o.Origin + "\nnotice " + strconv.FormatUint(o.Notice, 10) + " " + o.Leaf.String() + "\n")
}

// ParseObjection reads the text of an objection.
func ParseObjection(text []byte) (Objection, error) {
	r := canonical.Begin(text, 1<<10, objectionHeader)
	o := Objection{Origin: readOrigin(r)}
	w := r.Words("notice", 2)
	o.Notice, o.Leaf = r.Decimal(w[0], MaxIndex), r.Hash(w[1])
	return canonical.Done(r, "objection", o)
}

// NoticeAt is a change that was announced, and the entry that announced it.
type NoticeAt struct {
	Index    uint64
	Leaf     Hash   // leaf hash of that entry
	Slot     uint64 // checkpoints before that entry
	Proposal []byte
	Stopped  uint64 // index of the entry with the objection that stopped it; 0: none
	By       string // fingerprint of who objected
	Done     uint64 // index of the entry that made the change; 0: none
}

// Open says whether the change may still come.
func (n NoticeAt) Open() bool { return n.Stopped == 0 && n.Done == 0 }

// Kind is the kind of the entry that will make the change.
func (n NoticeAt) Kind() Kind {
	if hasHeader(n.Proposal, trusteesHeader) {
		return KindTrustees
	}
	return KindTombstone
}

// After is what the proposal says that it follows; zero in a release.
func (n NoticeAt) After() Hash {
	switch {
	case n.Kind() == KindTrustees:
		t, _ := ParseTrusteesChange(n.Proposal)
		return t.After
	case hasHeader(n.Proposal, tombstoneHeader2):
		t, _ := ParseTombstone(n.Proposal)
		return t.After
	}
	return Hash{}
}

// noticeLife is for how many slots after it is due a change can still be made: one
// that a hold stood in the way of must be proposed again.
const noticeLife = 7

// lapsed says whether a change can't be made any more in a slot that so many
// checkpoints come before.
func (s *State) lapsed(n NoticeAt, slot uint64) bool {
	return slot > n.Slot+uint64(s.Delay)+noticeLife
}

// Announced gives the announced changes that may still come.
func (s *State) Announced() []NoticeAt {
	var list []NoticeAt
	for _, n := range s.Notices {
		if after := n.After(); n.Open() && !s.lapsed(n, s.Slots) && (after == Hash{} || after == s.After) {
			list = append(list, n)
		}
	}
	return list
}

// Due gives the announced changes whose slots have passed and that nothing stops,
// for an entry that is to come next.
func (s *State) Due() []NoticeAt {
	return slices.DeleteFunc(s.Announced(), func(n NoticeAt) bool { return s.Slots < n.Slot+uint64(s.Delay) })
}

// Needed is how many approvals a proposal needs of a set. Under the second rules a
// change needs as many as open an identity part, and a hold of what was held and
// released before needs as many as a change: so one trustee can keep something
// once, and not for ever.
func (s *State) Needed(set TrusteeSet, text []byte) int {
	if IsObjection(text) {
		return 1
	}
	change := set.Approvals
	if s.Rules == Rules2 {
		change = max(change, set.Quorum.Identity)
	}
	if IsHold(text) && !(s.Rules == Rules2 && s.heldBefore(text)) {
		return 1
	}
	return change
}

// heldBefore says whether a hold names an entry that a released hold has named.
func (s *State) heldBefore(text []byte) bool {
	h, err := ParseHold(text)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(s.Held, func(was HeldAt) bool {
		return was.Released && slices.ContainsFunc(h.Entries, was.Names)
	})
}

func (s *State) keepNotice(index uint64, leaf Hash, slot uint64, a Approved) error {
	proposal, err := NoticedProposal(a.Text)
	if err != nil {
		return err
	}
	n := NoticeAt{Index: index, Leaf: leaf, Slot: slot, Proposal: bytes.Clone(proposal)}
	s.Notices = append(slices.Clip(s.Notices), n)
	return nil
}

func (s *State) keepObjection(index uint64, a Approved) error {
	o, err := ParseObjection(a.Text)
	if err != nil {
		return err
	}
	s.Notices = slices.Clone(s.Notices)
	for i := range s.Notices {
		if n := &s.Notices[i]; n.Index == o.Notice && n.Open() {
			n.Stopped = index
			if len(a.Approvals) > 0 {
				n.By = a.Approvals[0].Signer
			}
		}
	}
	return nil
}

// Enacted follows the entry that makes a change, whose text is this: its notice is
// done.
func (s *State) Enacted(index uint64, proposal []byte) {
	i := slices.IndexFunc(s.Notices, func(n NoticeAt) bool { return n.Open() && bytes.Equal(n.Proposal, proposal) })
	if i < 0 {
		return
	}
	s.Notices = slices.Clone(s.Notices)
	s.Notices[i].Done = index
}

// noticeOf finds the open notice of a proposal in a slot that so many checkpoints
// come before; -1 where there is none.
func (s *State) noticeOf(proposal []byte, slot uint64) int {
	return slices.IndexFunc(s.Notices, func(n NoticeAt) bool {
		return n.Open() && !s.lapsed(n, slot) && bytes.Equal(n.Proposal, proposal)
	})
}

// checkNotice refuses a change that was not announced long enough before.
func (c *Chain) checkNotice(text []byte) error {
	if c.s.Rules != Rules2 || c.s.Delay == 0 || c.s.Sparse || !IsDelayed(text) {
		return nil
	}
	slot := c.s.Pending[0].Slot
	i := c.s.noticeOf(text, slot)
	if i < 0 {
		return canonical.Refuse("it was not announced, or somebody objected: under this ledger's rules a change is announced %d slots before", c.s.Delay)
	}
	if n := c.s.Notices[i]; slot < n.Slot+uint64(c.s.Delay) {
		return canonical.Refuse("it was announced by entry %d, %d slots before, and must be %d", n.Index, slot-n.Slot, c.s.Delay)
	}
	return nil
}

// mayGiveNotice refuses a notice where there is no delay, one of what is announced
// already, and one of what could not become the next change.
func (c *Chain) mayGiveNotice(e Entry, a Approved) (origin string, err error) {
	if c.s.Rules != Rules2 || c.s.Delay == 0 {
		return "", canonical.Refuse("this ledger's changes take effect at once, and are not announced")
	}
	proposal, err := NoticedProposal(a.Text)
	if err != nil {
		return "", err
	}
	if i := c.s.noticeOf(proposal, c.s.Pending[0].Slot); i >= 0 {
		return "", canonical.Refuse("entry %d has announced it already", c.s.Notices[i].Index)
	}
	switch {
	case hasHeader(proposal, trusteesHeader):
		t, err := ParseTrusteesChange(proposal)
		if err != nil {
			return "", err
		}
		if t.After != c.s.After {
			return "", canonical.Refuse("the proposal comes after %s, and the newest change is %s", t.After, c.s.After)
		}
		return t.Origin, c.mayReplace(e, t.Set)
	case hasHeader(proposal, releaseHeader):
		r, err := ParseRelease(proposal)
		if err != nil {
			return "", err
		}
		return r.Origin, c.mayRelease(r)
	}
	t, err := ParseTombstone(proposal)
	if err != nil {
		return "", err
	}
	if err := c.followsNewest(t); err != nil {
		return "", err
	}
	return t.Origin, c.mayErase(e, t)
}

// mayObject refuses an objection to what was not announced, or was made already.
func (c *Chain) mayObject(a Approved) (origin string, err error) {
	o, err := ParseObjection(a.Text)
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(c.s.Notices, func(n NoticeAt) bool { return n.Index == o.Notice && n.Leaf == o.Leaf })
	switch {
	case i < 0:
		return "", canonical.Refuse("it objects to a change that entry %d announced, and there is none", o.Notice)
	case c.s.Notices[i].Done != 0:
		return "", canonical.Refuse("it objects to the change that entry %d announced, which entry %d has made", o.Notice, c.s.Notices[i].Done)
	}
	return o.Origin, nil
}

// followsNewest refuses a tombstone that could be of another time: under the second
// rules it names the newest change of trustees or keys.
func (c *Chain) followsNewest(t Tombstone) error {
	switch {
	case (t.After != Hash{}) != (c.s.Rules == Rules2):
		return canonical.Refuse("under this ledger's rules a tombstone is of version %d", max(c.s.Rules, Rules1))
	case t.After != Hash{} && t.After != c.s.After:
		return canonical.Refuse("the tombstone comes after %s, and the newest change is %s", t.After, c.s.After)
	}
	return nil
}

// mayReplace refuses a set that would read by an older vocabulary than the one in
// force: what was asked once is asked for ever.
func (c *Chain) mayReplace(e Entry, next TrusteeSet) error {
	set, err := c.SetAt(e.Body.Trustees)
	if err == nil && next.Vocabulary < set.Vocabulary {
		err = canonical.Refuse("it goes back to vocabulary %d, and %d is in force", next.Vocabulary, set.Vocabulary)
	}
	return err
}
