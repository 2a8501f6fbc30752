package casework_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/crypto/seal"
	"zapis/internal/evidence/custody"
	"zapis/internal/exit"
	"zapis/internal/shorttest"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/exchange"
	"zapis/internal/trustee/vault/vaulttest"
)

// With five trustees and three needed: no set of two opens, every set of three does.
func TestEverySubset(t *testing.T) {
	shorttest.Skip(t, "not every set of trustees tries to open")
	t.Parallel()
	names := []string{"anna", "boris", "vera", "dora", "olga"}
	h := vaulttest.New(t, vaulttest.Options{Trustees: names, Quorum: ledger.Quorum{Statement: 1, Attachment: 1, Identity: 3}})
	filed := h.Report(nil, "contact", "by the mill")
	c := deskOf(t, h)
	c.carry()
	for a := range names {
		request := c.ask(names[a], filed.Case, inTwoWeeks)
		grants := make(map[string][]byte)
		for _, b := range names {
			if b != names[a] {
				grant, err := c.grant(b, request)
				c.Must(err)
				grants[b] = grant
			}
		}
		fresh := c.vaults[names[a]].dir
		for b := range names {
			for d := b + 1; d < len(names); d++ {
				if b == a || d == a {
					continue
				}
				// A copy of the asker's vault for each pair, so that no grant is remembered from before.
				one := newVault(t)
				c.Must(os.CopyFS(one.dir, os.DirFS(fresh)))
				c.vaults[names[a]] = one
				opens := func() bool {
					open := false
					c.with(names[a], func(v *casework.Trustee, cases *casework.Cases) {
						found, err := cases.Find(filed.Case)
						c.Must(err)
						o, err := v.Show(found)
						c.Must(err)
						open = o.Submissions[0].IdentityLines != nil
					})
					return open
				}
				c.Must(c.take(names[a], filed.Case, grants[names[b]]))
				if opens() {
					t.Fatalf("%s and %s are enough", names[a], names[b])
				}
				c.Must(c.take(names[a], filed.Case, grants[names[d]]))
				if !opens() {
					t.Errorf("%s, %s and %s are not enough", names[a], names[b], names[d])
				}
			}
		}
	}
}

func TestBothLogs(t *testing.T) {
	shorttest.Skip(t, "not tested: two custody logs of one trustee")
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{})
	filed := h.Report(nil, "contact", "by the mill")
	c := deskOf(t, h)
	c.carry()
	c.shared(filed.Case)
	c.with("anna", func(v *casework.Trustee, cases *casework.Cases) {
		found, err := cases.Find(filed.Case)
		c.Must(err)
		_, err = v.Show(found)
		c.Must(err)
	})
	for name, want := range map[string][]string{
		"anna": {"asked: shares of 1 identity: To warn them.", "received: shares of 1 identity, from boris (" + vaulttest.Identity(t, "boris").Card.Fingerprint() + "): ",
			"opened: identity of entry 1: "},
		"boris": {"granted: shares of 1 identity, to anna (" + vaulttest.Identity(t, "anna").Card.Fingerprint() + "): To warn them."},
	} {
		var have []string
		c.with(name, func(v *casework.Trustee, _ *casework.Cases) {
			for n := uint64(1); n <= v.Custody.Len(); n++ {
				e, err := v.Custody.Read(n, vaulttest.Identity(t, name).Age)
				c.Must(err)
				if e.Case == filed.Case || e.Act == custody.Granted {
					have = append(have, fmt.Sprintf("%s: %s: %s", e.Act, e.Subject, e.Why))
				}
			}
		})
		all := strings.Join(have, "\n")
		at := 0
		for _, line := range want {
			i := strings.Index(all[at:], line)
			if i < 0 {
				t.Errorf("%s: no %q in this order:\n%s", name, line, all)
				break
			}
			at += i
		}
	}
}

func TestRequestsRefused(t *testing.T) {
	shorttest.Skip(t, "not tested: requests that are refused")
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{})
	filed, other := h.Report(nil, "contact", "by the mill"), h.Report(nil, "contact", "by the inn")
	c := deskOf(t, h)
	c.carry()
	anna := vaulttest.Identity(t, "anna")
	good := c.ask("anna", filed.Case, inTwoWeeks)
	_, q, err := exchange.ParseRequestFile(good)
	c.Must(err)
	another := func(change func(*exchange.Request)) []byte {
		q := q
		q.Parts = append([]exchange.Part(nil), q.Parts...)
		change(&q)
		return q.Marshal()
	}
	for _, tt := range []struct {
		name   string
		file   []byte
		status exit.Status
		want   string
	}{
		{"expired", c.ask("anna", filed.Case, tick.Add(-24*time.Hour)), exit.Failed, "the request of anna counted until 2026-11-21"},
		{"a stranger's", signed(t, h, vaulttest.Identity(t, "stranger"), 1, "ask", q.Marshal(), nil), exit.Mismatch, "who is not among the trustees of entry 0"},
		{"another ledger's", signed(t, h, anna, 8, "ask", q.Marshal(), func(s *card.Statement) { s.Ledger = [32]byte{9} }), exit.Mismatch, "the request is for another ledger"},
		{"of a set to come", signed(t, h, anna, 8, "ask", q.Marshal(), func(s *card.Statement) { s.Trustees = 70 }), exit.Failed, "the request was signed under the trustees of entry 70, and this vault ends at entry 2"},
		{"of no set", signed(t, h, anna, 8, "ask", q.Marshal(), func(s *card.Statement) { s.Trustees = 1 }), exit.Mismatch, "entry 1 names no trustees"},
		{"of another kind", signed(t, h, anna, 8, "grant", q.Marshal(), nil), exit.Mismatch, "request: its statement is of the kind grant, not ask"},
		{"for one case, and means another", signed(t, h, anna, 9, "ask", another(func(q *exchange.Request) { q.Case = other.Case }), nil), exit.Mismatch,
			"entry 1 is not of the case " + other.Case},
		{"of another body", signed(t, h, anna, 10, "ask", another(func(q *exchange.Request) { q.Parts[0].Body = other.Body }), nil), exit.Mismatch,
			"is the identity of another submission than it is"},
		{"for what is not there", signed(t, h, anna, 11, "ask", another(func(q *exchange.Request) { q.Parts[0].Hash = ledger.Hash{1} }), nil), exit.Failed, "which is not in this vault"},
		{"a number given twice", signed(t, h, anna, 1, "ask", another(func(q *exchange.Request) { q.Why = "Something else." }), nil), exit.Mismatch,
			"anna has signed two statements of the number 1: this request, and another one that came before"},
	} {
		if _, err := c.grant("boris", good); err != nil { // received first
			t.Fatal(err)
		}
		t.Run(tt.name, func(t *testing.T) {
			c := &desk{House: h, t: t, vaults: c.vaults}
			_, err := c.grant("boris", tt.file)
			c.refuses(err, tt.status, tt.want)
		})
	}
}

// A forged share names its maker.
func TestForgedGrants(t *testing.T) {
	shorttest.Skip(t, "not tested: forged grants")
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{})
	filed, other := h.Report(nil, "contact", "by the mill"), h.Report(nil, "contact", "by the inn")
	c := deskOf(t, h)
	c.carry()
	request, second := c.ask("anna", filed.Case, inTwoWeeks), c.ask("anna", other.Case, inTwoWeeks)
	asked, q, err := exchange.ParseRequestFile(request)
	c.Must(err)
	fromVera, err := c.grant("vera", request)
	c.Must(err)
	_, veras, err := exchange.ParseGrantFile(fromVera)
	c.Must(err)
	forOther, err := c.grant("boris", second)
	c.Must(err)
	_, others, err := exchange.ParseGrantFile(forOther)
	c.Must(err)
	anna, boris := vaulttest.Identity(t, "anna"), vaulttest.Identity(t, "boris")
	to, err := seal.NewRecipients(1, anna.Card.Age)
	c.Must(err)
	sealed := func(s exchange.Shares) []byte {
		var b bytes.Buffer
		_, err := seal.Seal(&b, seal.Message, to, bytes.NewReader(s.Marshal()))
		c.Must(err)
		return b.Bytes()
	}
	base := exchange.Grant{Request: asked.Hash(), Case: filed.Case, To: anna.Card.Fingerprint(), Parts: veras.Parts}
	forged := func(change func(*exchange.Grant)) []byte {
		g := base
		change(&g)
		return g.Marshal()
	}
	bad := exchange.Shares{Request: asked.Hash(), Of: []exchange.Share{{Part: q.Parts[0].Hash, Share: [32]byte{7}}}}
	for number, tt := range []struct {
		name    string
		content []byte
		change  func(*card.Statement)
		status  exit.Status
		want    string
	}{
		{"a share of one's own making", forged(func(g *exchange.Grant) { g.Sealed = sealed(bad) }), nil, exit.Mismatch,
			"what boris granted for the identity of entry 1 is not the share that was sealed to them: it is forged, or belongs to another part"},
		{"another's sealed shares", forged(func(g *exchange.Grant) { g.Sealed = veras.Sealed }), nil, exit.Mismatch, "what boris granted for the identity of entry 1 is not the share"},
		{"one's own, from another request", forged(func(g *exchange.Grant) { g.Sealed = others.Sealed }), nil, exit.Mismatch,
			"the grant of boris: the shares in it answer another request: they were taken from elsewhere"},
		{"of other parts than it says", forged(func(g *exchange.Grant) { g.Parts = others.Parts; g.Sealed = sealed(bad) }), nil, exit.Mismatch, "the grant of boris is not for what was asked"},
		{"answers no request", forged(func(g *exchange.Grant) { g.Request = ledger.Hash{1}; g.Sealed = sealed(bad) }), nil, exit.Failed,
			"the grant of boris answers no request that was made in this vault"},
		{"for another", forged(func(g *exchange.Grant) { g.To = boris.Card.Fingerprint(); g.Sealed = sealed(bad) }), nil, exit.Failed, "is for boris (" + boris.Card.Fingerprint() + "), and you are anna (" + anna.Card.Fingerprint() + ")"},
		{"for another case", forged(func(g *exchange.Grant) { g.Case = other.Case; g.Sealed = sealed(bad) }), nil, exit.Failed, "is for the case " + other.Case + ", not for " + filed.Case},
		{"expired", forged(func(g *exchange.Grant) { g.Sealed = sealed(bad) }), func(s *card.Statement) { s.Expires = tick.Add(-48 * time.Hour).Truncate(24 * time.Hour) }, exit.Failed,
			"the grant of boris counted until 2026-11-20"},
		{"sealed to nobody here", forged(func(g *exchange.Grant) { g.Sealed = []byte("x") }), nil, exit.Mismatch, "the grant of boris: the sealed shares: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := &desk{House: h, t: t, vaults: c.vaults}
			err := c.take("anna", filed.Case, signed(t, h, boris, uint64(100+number), "grant", tt.content, tt.change))
			c.refuses(err, tt.status, tt.want)
		})
	}
	c.Must(c.take("anna", filed.Case, fromVera))
	c.Must(c.take("anna", filed.Case, fromVera)) // once more changes nothing
}

// baddeal makes a quorum stanza whose shares have the published hashes, and were never dealt from one secret.
type baddeal struct{ to []age.Recipient }

func (b baddeal) Wrap([]byte) ([]*age.Stanza, error) { panic("labels are asked for") }

func (b baddeal) WrapWithLabels([]byte) ([]*age.Stanza, []string, error) {
	body := make([]byte, 32)
	var files []byte
	for i, to := range b.to {
		share := bytes.Repeat([]byte{byte(i + 1)}, 32)
		share[31] = 0
		hash := sha256.Sum256(append(fmt.Appendf(nil, "zapis/quorum/v1 share %d\n", i+1), share...))
		body = append(body, hash[:]...)
		var file bytes.Buffer
		w, err := age.Encrypt(&file, to)
		if err != nil {
			return nil, nil, err
		}
		w.Write(share)
		w.Close()
		files = append(binary.BigEndian.AppendUint32(files, uint32(file.Len())), file.Bytes()...)
	}
	return []*age.Stanza{{Type: "zapis-quorum/v1", Args: []string{"2", "3"}, Body: append(body, files...)}}, []string{"postquantum"}, nil
}

// A bad deal names the intake: the shares are those that were sealed, and open nothing.
func TestBadDeal(t *testing.T) {
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{})
	hash := vaulttest.Forged{Identity: func(content []byte) []byte {
		plain := make([]byte, 16<<10)
		copy(plain, content)
		binary.BigEndian.PutUint64(plain[len(plain)-8:], uint64(len(content)))
		var b bytes.Buffer
		w, err := age.Encrypt(&b, baddeal{readers(h)})
		if err != nil {
			t.Fatal(err)
		}
		w.Write(plain)
		w.Close()
		return b.Bytes()
	}}.Submit(t, h)
	c := deskOf(t, h)
	c.carry()
	id := casefile.CaseID(hash)
	c.shared(id)
	c.with("anna", func(v *casework.Trustee, cases *casework.Cases) {
		found, err := cases.Find(id)
		c.Must(err)
		o, err := v.Show(found)
		c.Must(err)
		if o.Fits || o.Submissions[0].IdentityLines != nil || len(o.Faults) != 1 ||
			!strings.Contains(o.Faults[0].Error(), "the shares were dealt wrongly by the intake") {
			t.Errorf("%v", o.Faults)
		}

		// What opens nothing stays refused, and the custody log says that its trustee wanted it open all the same.
		before := v.Custody.Len()
		v.OpenMisdealt()
		o, err = v.Show(found)
		c.Must(err)
		if o.Fits || len(o.Faults) != 1 {
			t.Errorf("%v", o.Faults)
		}
		why := 0
		for n := before + 1; n <= v.Custody.Len(); n++ {
			e, err := v.Custody.Read(n, v.Key().Age)
			c.Must(err)
			if e.Act == custody.Opened && e.Why == "opened even if the shares were dealt wrongly, as the trustee asked" {
				why++
			}
		}
		if why == 0 {
			t.Error("the custody log does not say why it was opened")
		}
	})
}

// After opening the vault contains neither the reason, nor the shares, nor what they opened; and one share's file
// opens with stock age.
func TestOpenedContentIsNotInTheVault(t *testing.T) {
	shorttest.Skip(t, "no opened content is looked for in a vault's files")
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{})
	filed := h.Report(nil, "contact", "by the mill")
	c := deskOf(t, h)
	c.carry()
	c.shared(filed.Case)
	e, err := h.Store.Entry(1)
	h.Must(err)
	entry, err := ledger.ParseEntry(e)
	h.Must(err)
	part, _, err := h.Store.Part(entry.Body.Parts[2].Hash)
	h.Must(err)
	defer part.Close()
	header, err := seal.Header(part)
	h.Must(err)
	file, err := seal.ShareFile(header, 2)
	h.Must(err)
	name := filepath.Join(t.TempDir(), "share.age")
	h.Must(os.WriteFile(name, file, 0o600))
	share := stockAge(t, vaulttest.Identity(t, "boris"), name)
	if len(share) != exchange.ShareSize || seal.CheckShare(header, 2, share) != nil {
		t.Fatalf("stock age gives %d bytes, which are not the share", len(share))
	}
	for dir, v := range c.vaults {
		for name, content := range tree(t, v.dir) {
			for _, secret := range []string{"by the mill", "To warn them", string(share), fmt.Sprintf("%x", share)} {
				if strings.Contains(content, secret) {
					t.Errorf("%s: %s holds %q", dir, name, secret)
				}
			}
		}
	}
}
