package main

const (
	ledgerBodies  = "crypto/ledger/bodies.go"
	ledgerApprove = "crypto/ledger/approve.go"
	ledgerNotice  = "crypto/ledger/notice.go"
	outboxDesk    = "internal/server/outbox/desk.go"
	outboxChange  = "internal/server/outbox/proposal.go"
	sealShare     = "crypto/seal/share.go"
)

// mutants are the lines to break. The first four are those that an audit found no test for.
var mutants = []mutant{
	{"internal/trustee/release/release.go", "		if p.consent {", "		if false && p.consent {", "Consent"},
	{outboxDesk, "content != nil && ledger.Sum(content) != s.Subject", "false && ledger.Sum(content) != s.Subject", "Refus|Take|Statement|Verif"},
	{"internal/server/intake/mailbox.go", "	if len(replies) == 0 {", "	if false && len(replies) == 0 {", "MailboxOfNobody"},
	{"store/sequence.go", "Shuffle(len(all),", "Shuffle(0,", "TestSlot$"},

	{"store/guard.go", "case g.Origin != last.Origin:", "case false && g.Origin != last.Origin:", "Guard"},
	{"store/guard.go", "case g.Size > last.Size:", "case false && g.Size > last.Size:", "Guard"},
	{"store/guard.go", "!ok || root != g.Root {", "!ok || false && root != g.Root {", "Guard"},
	{"store/slotsize.go", "count+slotNoise(size, u)", "count", "Prober|SlotTotal"},
	{"store/sequence.go", "if !arrived || s.shared {", "if true || !arrived || s.shared {", "PagesSay"},

	{ledgerBodies, "int64(len(body)) != p.Size || Sum(body) != p.Hash", "int64(len(body)) != p.Size", "."},
	{ledgerBodies, "if cp.Root != root {", "if false && cp.Root != root {", "."},
	{ledgerBodies, "if k.New[0] == was.Keys[0] || k.New[1] == was.Keys[1] {", "if k.New[0] == was.Keys[0] {", "."},
	{ledgerBodies, "if after != c.s.After {", "if false && after != c.s.After {", "."},
	{ledgerBodies, "!next.Since.IsZero() && p.Slot.After(next.Since.Add(promiseAhead))", "false && p.Slot.After(next.Since.Add(promiseAhead))", "."},
	{"crypto/ledger/chain.go", "if e.Previous != c.s.Last {", "if false && e.Previous != c.s.Last {", "."},
	{"crypto/ledger/checkpoint.go", "larger.Time.Before(smaller.Time) {", "false {", "."},
	{"crypto/ledger/receipt.go", "if r.Entry.Origin != v.origin {", "if false && r.Entry.Origin != v.origin {", "."},

	{ledgerApprove, "case Hash(a.Subject) != subject:", "case false && Hash(a.Subject) != subject:", "."},
	{ledgerApprove, "case Hash(a.Ledger) != genesis:", "case false && Hash(a.Ledger) != genesis:", "."},
	{ledgerApprove, "case at <= last:", "case at < last:", "."},
	{ledgerApprove, "len(approvals) < need {", "len(approvals)+1 < need {", "."},
	{ledgerApprove, "case s.Rules == Rules2 && a.Expires.IsZero():", "case false && a.Expires.IsZero():", "."},
	{ledgerApprove, "!cp.Time.Before(e.Expires.AddDate(0, 0, 1))", "!cp.Time.Before(e.Expires.AddDate(0, 0, 2))", "."},
	{ledgerNotice, "change = max(change, set.Quorum.Identity)", "change = max(change, 1)", "."},
	{ledgerNotice, "slot < n.Slot+uint64(c.s.Delay) {", "slot+1 < n.Slot+uint64(c.s.Delay) {", "."},
	{ledgerNotice, "return n.Stopped == 0 && n.Done == 0", "return n.Done == 0", "."},
	{ledgerNotice, "case t.After != Hash{} && t.After != c.s.After:", "case false && t.After != c.s.After:", "."},
	{"crypto/card/statement.go", "if fp != s.Signer {", "if false && fp != s.Signer {", "."},
	{"crypto/card/statement.go", "!t.Before(s.Expires.AddDate(0, 0, 1))", "!t.Before(s.Expires.AddDate(0, 0, 2))", "."},

	{outboxChange, "len(all) < need {", "len(all)+1 < need {", "."},
	{outboxChange, "s.Trustees == index && !s.ExpiredAt(d.now())", "s.Trustees == index", "."},
	{sealShare, "if shareHash(position, share) != q.hashes[position-1] {", "if false && shareHash(position, share) != q.hashes[position-1] {", "Share|Quorum|Deal|Forged"},
	{sealShare, "if len(id.shares) < q.k {", "if len(id.shares)+1 < q.k {", "Share|Quorum|Deal"},
	{"crypto/seal/open.go", "case got.Hash != want.Hash:", "case false && got.Hash != want.Hash:", "Open|Digest|Part"},
	{"crypto/witness/judge.go", "case q.Old != old.Size:", "case false && q.Old != old.Size:", "."},
	{"internal/evidence/bundle/checkcase.go", "if sha256.Sum256(text) != p.Body.Commitments {", "if false && sha256.Sum256(text) != p.Body.Commitments {", "Lying|Vectors"},
	{"internal/evidence/bundle/checkcustody.go", "if signed.Statement.Signer != x.info.Fingerprint {", "if false && signed.Statement.Signer != x.info.Fingerprint {", "Custody|Head"},
}
