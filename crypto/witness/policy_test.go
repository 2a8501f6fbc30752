package witness_test

import (
	"fmt"
	"strings"
	"testing"

	fwitness "github.com/transparency-dev/formats/witness"

	"zapis/crypto/ledger/ledgertest"
	"zapis/crypto/witness"
)

func TestPolicy(t *testing.T) {
	b := grown(33)
	log := ledgertest.Key(1).Verifier()
	one, two, three := signingKey(t, "one.example/w", 1), signingKey(t, "two.example/w", 2), signingKey(t, "three.example/w", 3)
	keys := log.Keys()
	policy := string(lines(
		"# Two groups, of which one is enough.",
		"log "+keys[0],
		"log "+keys[1],
		"",
		"witness one    "+one.Verifiers()[0].String()+" https://one.example/",
		"witness one-pq\t"+one.Verifiers()[1].String()+" https://one.example",
		"witness two "+two.Verifiers()[1].String()+" http://two.onion/sub",
		"witness three "+three.Verifiers()[0].String()+" https://three.example",
		"group both all one one-pq",
		"group outside 2 both two three",
		"quorum outside",
	))
	p, err := witness.ParsePolicy([]byte(policy))
	must(t, err)
	if p.Witnesses[0].URL != "https://one.example" || p.Witnesses[1].URL != p.Witnesses[0].URL || len(p.Verifiers()) != 4 {
		t.Errorf("got %+v", p.Witnesses)
	}
	// The other implementation judges every case in the same way.
	other, err := fwitness.ParsePolicy([]byte(policy))
	must(t, err)
	for _, c := range []struct {
		by      []*witness.SigningKey
		want    bool
		counted string
	}{
		{nil, false, "0 of 4"},
		{[]*witness.SigningKey{one}, false, "2 of 4"},
		{[]*witness.SigningKey{two}, false, "1 of 4"},
		{[]*witness.SigningKey{one, two}, true, ""},
		{[]*witness.SigningKey{one, three}, true, ""},
		{[]*witness.SigningKey{two, three}, true, ""},
	} {
		note := cosigned(t, b.Checkpoints[0], c.by...)
		_, _, err := p.Check(log, note)
		if c.want {
			must(t, err)
		} else {
			refused(t, err, "checkpoint 33 of example.org/ledger: "+c.counted+" witness keys have cosigned it, and the policy wants more")
		}
		if got := other.Satisfied(note); got != c.want {
			t.Errorf("formats says %v, and we %v", got, c.want)
		}
	}

	none, err := witness.ParsePolicy([]byte("quorum none\n"))
	must(t, err)
	if _, _, err := none.Check(log, b.Checkpoints[0]); err != nil {
		t.Errorf("nobody is needed, and: %v", err)
	}
	_, _, err = p.Check(ledgertest.Key(2).Verifier(), b.Checkpoints[0])
	refused(t, err, "policy: both keys of example.org/ledger must stand among its logs, or no log at all")
}

func TestPolicyRefused(t *testing.T) {
	one, two := signingKey(t, "one.example/w", 1), signingKey(t, "two.example/w", 2)
	w1 := "witness one " + one.Verifiers()[0].String()
	w2 := "witness two " + two.Verifiers()[0].String()
	again := "witness again " + signingKey(t, "else.example/w", 1).Verifiers()[0].String() // the same key by another name
	log := "log " + ledgertest.Key(1).Keys()[0]
	var many []string
	for i := range 65 {
		many = append(many, fmt.Sprintf("witness w%d %s", i, signingKey(t, "many.example/w", byte(100+i)).Verifiers()[0]))
	}
	for name, c := range map[string]struct {
		lines []string
		want  string
	}{
		"no quorum":        {[]string{w1}, `policy: the quorum line is missing: "quorum none" says that nobody is needed`},
		"two quorums":      {[]string{w1, "quorum one", "quorum none"}, "policy: line 3: a second quorum line"},
		"unknown quorum":   {[]string{"quorum one", w1}, `policy: line 1: "one" is not defined on a line before this`},
		"quorum of two":    {[]string{w1, w2, "quorum one two"}, "policy: line 3: it must be: quorum NAME"},
		"strange":          {[]string{"hello"}, "policy: line 1: it begins with none of log, witness, group, quorum"},
		"control":          {[]string{w1 + "\r"}, "policy: line 1: a control character (U+000D)"},
		"no name":          {[]string{"witness one"}, "policy: line 1: it must be: witness NAME KEY, and perhaps a URL"},
		"a log without":    {[]string{"log"}, "policy: line 1: it must be: log KEY, and perhaps a URL"},
		"a log's key":      {[]string{"witness one " + ledgertest.Key(1).Keys()[0]}, "policy: line 1: witness key: type 1 is a log's; a witness signs with type 4 (Ed25519) or type 6 (ML-DSA-44)"},
		"a witness's key":  {[]string{"log " + one.Verifiers()[0].String()}, "policy: line 1: a key of type 4 is a witness's, not a log's"},
		"none":             {[]string{strings.Replace(w1, "one", "none", 1)}, `policy: line 1: the name "none" is taken: it means nobody`},
		"name twice":       {[]string{w1, strings.Replace(w2, "two", "one", 1)}, `policy: line 2: the name "one" is given twice`},
		"key twice":        {[]string{w1, again}, "policy: line 2: this key stands in the policy already"},
		"log twice":        {[]string{log, log}, "policy: line 2: this key stands in the policy already"},
		"the log's own":    {[]string{"log " + ledgertest.Key(1).Keys()[1], "witness me " + ledgertest.Key(1).Keys()[1]}, "policy: line 2: this key stands in the policy already"},
		"ftp":              {[]string{w1 + " ftp://one.example"}, "policy: line 1: a witness's URL is http:// or https://, a host, and perhaps a path"},
		"with a password":  {[]string{w1 + " https://a:b@one.example"}, "policy: line 1: a witness's URL is http:// or https://, a host, and perhaps a path"},
		"group of nothing": {[]string{"group g all"}, "policy: line 1: it must be: group NAME, then all, any or a number, then names"},
		"group later":      {[]string{"group g all one", w1}, `policy: line 1: "one" is not defined on a line before this`},
		"group of itself":  {[]string{w1, "group g all g"}, `policy: line 2: "g" is not defined on a line before this`},
		"group of none":    {[]string{w1, "group g all none"}, `policy: line 2: "none" is not defined on a line before this`},
		"counted twice":    {[]string{w1, w2, "group g all one", "group h any one two"}, `policy: line 4: "one" is in a group already, and would count twice`},
		"three of two":     {[]string{w1, w2, "group g 3 one two"}, "policy: line 3: of 2 members, 1 to 2 can be needed, not 3"},
		"none of two":      {[]string{w1, w2, "group g 0 one two"}, "policy: line 3: of 2 members, 1 to 2 can be needed, not 0"},
		"many of two":      {[]string{w1, w2, "group g most one two"}, "policy: line 3: of 2 members, 1 to 2 can be needed, not most"},
		"many":             {many, "policy: line 65: more than 64 witnesses"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := witness.ParsePolicy(lines(c.lines...))
			refused(t, err, c.want)
		})
	}
	_, err := witness.ParsePolicy([]byte("quorum none"))
	refused(t, err, "policy: line 1: no line feed at its end")
	_, err = witness.ParsePolicy(make([]byte, witness.MaxPolicy+1))
	refused(t, err, "policy: it has 262145 bytes, and at most 262144 are allowed")
}

func FuzzParsePolicy(f *testing.F) {
	w := signingKey(f, "one.example/w", 1)
	f.Add([]byte("witness one " + w.Verifiers()[0].String() + " https://one.example/\ngroup g any one\nquorum g\n"))
	f.Add([]byte("quorum none\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := witness.ParsePolicy(text)
		if err != nil {
			return
		}
		p.Satisfied(nil)
		if !strings.Contains(string(text), "quorum") {
			t.Fatal("a policy without a quorum line was taken")
		}
	})
}
