package ledger_test

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"filippo.io/age"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
)

func TestGenesis(t *testing.T) {
	g := ledgertest.Genesis()
	for _, c := range []*ledger.Continued{nil, {Origin: "example.net/old", Genesis: ledger.Sum(nil), Size: 64, Root: ledger.Sum([]byte("r"))}} {
		g.Continues = c
		got, err := ledger.ParseGenesis(g.Marshal())
		if err != nil || !reflect.DeepEqual(got, g) {
			t.Fatalf("read %+v, %v", got, err)
		}
		e, err := ledger.ParseEntry(g.Entry().Marshal())
		must(t, err)
		if e.Body.Kind != ledger.KindGenesis || e.Body.Parts[0].Hash != ledger.Sum(g.Marshal()) || g.Card().Genesis != e.LeafHash() || g.Card().Origin != origin {
			t.Errorf("entry 0 is %+v, and the card %s", e, g.Card())
		}
	}
	people := ledgertest.Trustees()
	if g.Set.Position(people[2].Card.Fingerprint()) != 3 || g.Set.Position(people[3].Card.Fingerprint()) != 0 {
		t.Error("a trustee has another position than in the set")
	}
	if !reflect.DeepEqual(g.Set.SignalCards(), g.Set.Duty) {
		t.Error("signals do not go to the duty cards")
	}
	g.Set.Duty = nil
	if _, err := ledger.ParseGenesis(g.Marshal()); err != nil || !reflect.DeepEqual(g.Set.SignalCards(), g.Set.Trustees) {
		t.Errorf("without duty cards signals do not go to the trustees (%v)", err)
	}
	for n, want := range map[int]int{1: 1, 2: 2, 3: 2, 9: 2} {
		if ledger.DefaultQuorum(n) != want {
			t.Errorf("%d trustees: %d", n, ledger.DefaultQuorum(n))
		}
	}
}

func TestGenesisRefused(t *testing.T) {
	g := ledgertest.Genesis()
	g.Continues = &ledger.Continued{Origin: "example.net/old", Genesis: ledger.Sum(nil), Size: 64, Root: ledger.Sum([]byte("r"))}
	good := g.Marshal()
	lines := strings.SplitAfter(string(good), "\n")
	people := ledgertest.Trustees()
	anna, boris, vera, dora := lines[10], lines[11], lines[12], people[3].Card
	two := ledgertest.Key(2).Keys()
	duty := "duty " + dora.Name + " " + dora.Age + " " + dora.SSH + "\n"
	var crowd string
	for range ledger.MaxTrustees {
		crowd += vera
	}
	for _, test := range []struct{ from, to, want string }{
		{"genesis/v1", "genesis/v3", `genesis: line 1: it must be "zapis/genesis/v1"`},
		{"\norigin example.org/ledger", "\norigin example.net/ledger", "genesis: line 4: the key's name is not the origin"},
		{"\nnonce ", "\nnonce 0", "genesis: line 3: not 64 lower-case hexadecimal digits"},
		{lines[3], lines[4], "genesis: line 4: the log has an Ed25519 key (type 1), then an ML-DSA-44 key (type 6)"},
		{lines[4], "", `genesis: line 5: it must begin with "log "`},
		{lines[4], "log " + strings.Replace(two[1], "example.org", "example.net", 1) + "\n", "genesis: line 5: the verifier key's id does not fit its key"},
		{"vocabulary 1", "vocabulary 0", "genesis: line 6: it is at least 1"},
		{"vocabulary 1", "vocabulary 10000", "genesis: line 6: 10000 is more than 9999"},
		{"quorum statement 1", "quorum statement 0", "genesis: line 7: it is at least 1"},
		{"quorum attachment 1", "quorum attachments 1", `genesis: line 8: it must begin with "quorum attachment "`},
		{"quorum identity 2", "quorum identity 4", "genesis: line 13: 3 trustees, and a quorum or the approvals ask for 4"},
		{"approvals 2", "approvals 33", "genesis: line 10: 33 is more than 32"},
		{anna + boris + vera, "", `genesis: line 11: it must begin with "trustee ": there is no set without trustees`},
		{boris, anna, "genesis: line 12: anna shares a name or a key with anna"},
		{boris, strings.Replace(boris, people[1].Card.Age, people[0].Card.Age, 1), "genesis: line 12: boris shares a name or a key with anna"},
		{boris, strings.Replace(boris, people[1].Card.SSH, people[2].Card.SSH, 1), "genesis: line 13: vera shares a name or a key with boris"},
		{vera, crowd, "genesis: line 14: vera shares a name or a key with vera"},
		{"trustee anna", "trustee Anna", "genesis: line 11: a name is 1 to 32 of a-z, 0-9, '.', '_' and '-', and begins with a letter or digit"},
		{"trustee anna age1pq1", "trustee anna age1", "genesis: line 11: not a post-quantum recipient (age1pq1… or age1tagpq1…)"},
		{"ssh-ed25519 AAAAC3", "ssh-rsa AAAAC3", "genesis: line 11: only ssh-ed25519 keys are used"},
		{lines[13], strings.Replace(lines[13], "duty anna", "duty boris", 1), "genesis: line 14: duty card boris shares a name or a key with another card"},
		{lines[13], lines[13] + duty + duty, "genesis: line 16: dora shares a name or a key with dora"},
		{" 64 ", " 0 ", "genesis: line 15: a ledger of no entries can't be continued"},
		{"continues example", "continues Example", "genesis: line 15: an origin is like example.org/ledger: a host's name in lower case, then folders of a-z, 0-9, '.', '_', '~', '-', at most 200 bytes"},
		{lines[14], lines[14] + lines[14], "genesis: line 16: nothing may follow here"},
	} {
		_, err := ledger.ParseGenesis(replace(good, test.from, test.to))
		refused(t, err, test.want)
	}
	set := ledgertest.Set(people[0])
	must(t, set.Check())
	set.Quorum.Identity = 2
	refused(t, set.Check(), "trustees: line 6: 1 trustees, and a quorum or the approvals ask for 2")
}

// As many trustees as there may be, and one more.
func TestManyTrustees(t *testing.T) {
	g := ledgertest.Genesis()
	g.Set.Trustees, g.Set.Duty = nil, nil
	for i := range ledger.MaxTrustees + 1 {
		id, err := age.GenerateHybridIdentity()
		must(t, err)
		s, err := card.NewSigner(fmt.Sprint("t", i), bytes.Repeat([]byte{byte(i)}, 32))
		must(t, err)
		g.Set.Trustees = append(g.Set.Trustees, s.Card(id.Recipient().String()))
	}
	_, err := ledger.ParseGenesis(g.Marshal())
	refused(t, err, "genesis: line 43: more than 32 trustee cards")
	g.Set.Duty = g.Set.Trustees
	g.Set.Trustees = g.Set.Trustees[:ledger.MaxTrustees]
	_, err = ledger.ParseGenesis(g.Marshal())
	refused(t, err, "genesis: line 75: more than 32 duty cards")
	g.Set.Duty = g.Set.Trustees
	_, err = ledger.ParseGenesis(g.Marshal())
	must(t, err)
	if size := g.Entry().Body.Parts[0].Size; size > ledger.MaxSmall/4 {
		t.Errorf("the largest genesis has %d bytes", size)
	}
}
