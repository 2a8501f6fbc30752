package outbox_test

import (
	"context"
	"testing"
	"time"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/internal/exit"
	"zapis/internal/server/outbox"
	"zapis/internal/trustee/vault/vaulttest"
)

const day = 24 * time.Hour

// house2 is a ledger of the second rules with three trustees.
func house2(t *testing.T, delay int) (*vaulttest.House, *outbox.Desk, func(name string) *signer, func(*card.Statement)) {
	h := vaulttest.New(t, vaulttest.Options{Slot: day, Rules: ledger.Rules2, Delay: delay})
	expires := func(s *card.Statement) { s.Expires = h.Now().AddDate(0, 0, 30).Truncate(day) }
	return h, outbox.New(h.Store, h.Now), func(name string) *signer { return &signer{t: t, h: h, id: vaulttest.Identity(t, name)} }, expires
}

func pass(h *vaulttest.House, n int) {
	for range n {
		h.Pass(day)
		h.Slot()
	}
}

func checkStore(t *testing.T, h *vaulttest.House) {
	t.Helper()
	faults, err := h.Store.Check(context.Background(), nil)
	h.Must(err)
	for _, f := range faults {
		t.Errorf("zapisd check: %v", f)
	}
}

// A change is announced in the slot after its last approval, takes effect three slots later, by itself, and not before.
func TestAChangeTakesEffectSomeSlotsAfterItsNotice(t *testing.T) {
	h, d, by, expires := house2(t, 3)
	anna, boris := by("anna"), by("boris")
	text := proposal(t, h, "anna", "boris", "dora")
	wants(t, take(t, d, anna.sign(card.KindApproval, text, expires), text), "kept: 1 of the 2 approvals that it needs")
	wants(t, take(t, d, boris.sign(card.KindApproval, text, expires), nil), "taken: it waits for its slot")
	pass(h, 1)
	announced := h.Store.Announced()
	if len(announced) != 1 || announced[0].Kind() != ledger.KindTrustees {
		t.Fatalf("announced: %+v", announced)
	}
	pass(h, 2)
	if index, _ := h.Store.SetInForce(); index != 0 {
		t.Fatalf("entry %d is in force after two slots", index)
	}
	h.Must(h.Store.Close())
	h.Open(day) // what was announced is known after a restart
	pass(h, 1)
	index, set := h.Store.SetInForce()
	if index == 0 || set.Trustees[2].Name != "dora" {
		t.Fatalf("entry %d names %v", index, set.Trustees)
	}
	if got := h.Store.Announced(); len(got) != 0 {
		t.Errorf("still announced: %+v", got)
	}
	checkStore(t, h)
	h.Must(h.Store.Close())
	h.Open(day)
	if again, _ := h.Store.SetInForce(); again != index {
		t.Errorf("after a restart entry %d is in force, not %d", again, index)
	}
}

// One trustee's objection stops it.
func TestAnObjectionStopsAChange(t *testing.T) {
	h, d, by, expires := house2(t, 3)
	anna, boris, vera := by("anna"), by("boris"), by("vera")
	text := proposal(t, h, "anna", "boris", "dora", "vera")
	take(t, d, anna.sign(card.KindApproval, text, expires), text)
	take(t, d, boris.sign(card.KindApproval, text, expires), nil)
	pass(h, 1)
	n := h.Store.Announced()[0]
	objection := ledger.Objection{Origin: vaulttest.Origin, Notice: n.Index, Leaf: n.Leaf}.Marshal()
	wants(t, take(t, d, vera.sign(card.KindApproval, objection, expires), objection), "taken: it waits for its slot")
	pass(h, 5)
	if index, _ := h.Store.SetInForce(); index != 0 {
		t.Errorf("entry %d is in force", index)
	}
	if got := h.Store.Announced(); len(got) != 0 {
		t.Errorf("still announced: %+v", got)
	}
	checkStore(t, h)
}

// An approval that was withdrawn does not count; one that was submitted can't be withdrawn any more.
func TestAnApprovalIsWithdrawn(t *testing.T) {
	h, d, by, expires := house2(t, 3)
	anna, boris, vera := by("anna"), by("boris"), by("vera")
	text := proposal(t, h, "anna", "boris", "dora")
	take(t, d, anna.sign(card.KindApproval, text, expires), text)
	wants(t, take(t, d, anna.sign(card.KindWithdraw, text), text), "kept: the approval is withdrawn")
	wants(t, take(t, d, boris.sign(card.KindApproval, text, expires), nil), "kept: 1 of the 2 approvals that it needs")
	wants(t, take(t, d, vera.sign(card.KindWithdraw, text), nil), "kept: there was no approval of it to withdraw")
	wants(t, take(t, d, anna.sign(card.KindApproval, text, expires), nil), "taken: it waits for its slot")
	refuses(t, take(t, d, anna.sign(card.KindWithdraw, text), nil), exit.Failed, "an approval of it can't be withdrawn")
}

// An approval counts for its days only, and one without an end does not count at all.
func TestAnApprovalExpires(t *testing.T) {
	h, d, by, expires := house2(t, 0)
	anna, boris, vera := by("anna"), by("boris"), by("vera")
	text := proposal(t, h, "anna", "boris", "dora")
	take(t, d, anna.sign(card.KindApproval, text, expires), text)
	h.Pass(31 * day)
	wants(t, take(t, d, boris.sign(card.KindApproval, text, expires), nil), "kept: 1 of the 2 approvals that it needs")
	refuses(t, take(t, d, vera.sign(card.KindApproval, text), nil), exit.Mismatch, "it never expires, and under this ledger's rules it must")
}

// An erasure waits for its slots, and a hold stops it.
func TestAnErasureWaitsForItsSlots(t *testing.T) {
	for _, held := range []bool{false, true} {
		h, d, by, expires := house2(t, 2)
		anna, boris, vera := by("anna"), by("boris"), by("vera")
		filed := h.Report(nil)
		pass(h, 1)
		index, err := h.Store.Find(filed.Body)
		h.Must(err)
		entry, err := h.Store.Entry(index)
		h.Must(err)
		e, err := ledger.ParseEntry(entry)
		h.Must(err)
		after, err := h.Store.After()
		h.Must(err)
		text := ledger.Tombstone{Origin: vaulttest.Origin, After: after, Reason: ledger.EraseAsked,
			Parts: []ledger.Erased{{Index: index, Hash: e.Body.Parts[1].Hash}}}.Marshal()
		take(t, d, anna.sign(card.KindApproval, text, expires), text)
		wants(t, take(t, d, boris.sign(card.KindApproval, text, expires), nil), "taken: it waits for its slot")
		pass(h, 2)
		if _, _, err := h.Store.Part(e.Body.Parts[1].Hash); err != nil {
			t.Fatalf("erased before its slot: %v", err)
		}
		if held {
			hold := ledger.Hold{Origin: vaulttest.Origin, Nonce: ledger.Sum(nil), Reason: ledger.HoldOrder, Entries: []uint64{index}}.Marshal()
			wants(t, take(t, d, vera.sign(card.KindApproval, hold, expires), hold), "taken: it waits for its slot")
		}
		pass(h, 1)
		_, _, err = h.Store.Part(e.Body.Parts[1].Hash)
		if gone := err != nil; gone == held {
			t.Errorf("held %v: %v", held, err)
		}
		checkStore(t, h)
	}
}
