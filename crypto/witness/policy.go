package witness

import (
	"net/url"
	"slices"
	"strings"

	"zapis/crypto/canonical"
	"zapis/crypto/ledger"
	"zapis/crypto/vkey"
)

// MaxPolicy is the most bytes that a policy may have.
const MaxPolicy = 256 << 10

const maxNamed = 64 // logs, witnesses, groups: of each

// Policy defines whose cosignatures are enough: a C2SP tlog-policy text.
//
//	log example.org/ledger+1a2b3c4d+AR4…
//	log example.org/ledger+5e6f7a8b+Bjk…
//	witness partner    partner.example/witness+9c0d1e2f+BKz… https://partner.example/
//	witness partner-pq partner.example/witness+3a4b5c6d+BnQ… https://partner.example/
//	witness friend     friend.example/w+7e8f9a0b+BH1…
//	group both all partner partner-pq
//	group outside 1 both friend
//	quorum outside
//
// A witness with two keys has two lines. A witness without a URL is asked by a
// file.
type Policy struct {
	Logs      []string // verifier keys, as written
	Witnesses []Witness
	groups    map[string]group
	quorum    string
}

// Witness is one key of a witness, under the name that the policy gives it.
type Witness struct {
	Name string
	Key  *Verifier
	URL  string // submission prefix, or empty
}

type group struct {
	need    int
	members []string
}

// policyReader is the state of reading a policy.
type policyReader struct {
	p      *Policy
	keys   []vkey.Key
	known  map[string]bool // names of witnesses and groups
	member map[string]bool // names that are in a group already
}

// ParsePolicy reads a policy and refuses, by line, what tlog-policy forbids.
func ParsePolicy(text []byte) (*Policy, error) {
	if len(text) > MaxPolicy {
		return nil, canonical.Refuse("policy: it has %d bytes, and at most %d are allowed", len(text), MaxPolicy)
	}
	r := &policyReader{p: &Policy{groups: map[string]group{}}, known: map[string]bool{}, member: map[string]bool{}}
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		if err := r.line(line); err != nil {
			return nil, canonical.Refuse("policy: line %d: %w", n, err)
		}
	}
	if r.p.quorum == "" {
		return nil, canonical.Refuse("policy: the quorum line is missing: \"quorum none\" says that nobody is needed")
	}
	return r.p, nil
}

func (r *policyReader) line(line string) error {
	line, ended := strings.CutSuffix(line, "\n")
	if !ended {
		return canonical.Refuse("no line feed at its end")
	}
	if i := strings.IndexFunc(line, func(c rune) bool { return c < 0x20 && c != '\t' || c == 0x7f }); i >= 0 {
		return canonical.Refuse("a control character (U+%04X)", line[i])
	}
	words := strings.FieldsFunc(line, func(c rune) bool { return c == ' ' || c == '\t' })
	if len(words) == 0 || strings.HasPrefix(words[0], "#") {
		return nil
	}
	switch words[0] {
	case "log":
		return r.log(words[1:])
	case "witness":
		return r.witness(words[1:])
	case "group":
		return r.group(words[1:])
	case "quorum":
		return r.setQuorum(words[1:])
	}
	return canonical.Refuse("it begins with none of log, witness, group, quorum")
}

func (r *policyReader) key(s string) (vkey.Key, error) {
	k, err := parseVKey(s)
	if err != nil {
		return k, err
	}
	if slices.ContainsFunc(r.keys, func(o vkey.Key) bool { return same(o, k) }) {
		return k, canonical.Refuse("this key stands in the policy already")
	}
	r.keys = append(r.keys, k)
	return k, nil
}

func (r *policyReader) log(words []string) error {
	if len(words) < 1 || len(words) > 2 {
		return canonical.Refuse("it must be: log KEY, and perhaps a URL")
	}
	k, err := r.key(words[0])
	if err != nil {
		return err
	}
	if k.Type == vkey.CosignedEd25519 {
		return canonical.Refuse("a key of type 4 is a witness's, not a log's")
	}
	if len(r.p.Logs) == maxNamed {
		return canonical.Refuse("more than %d logs", maxNamed)
	}
	r.p.Logs = append(r.p.Logs, words[0])
	return nil
}

func (r *policyReader) define(name string) error {
	switch {
	case name == "none":
		return canonical.Refuse("the name \"none\" is taken: it means nobody")
	case r.known[name]:
		return canonical.Refuse("the name %q is given twice", name)
	}
	r.known[name] = true
	return nil
}

func (r *policyReader) witness(words []string) error {
	if len(words) < 2 || len(words) > 3 {
		return canonical.Refuse("it must be: witness NAME KEY, and perhaps a URL")
	}
	if err := r.define(words[0]); err != nil {
		return err
	}
	if _, err := r.key(words[1]); err != nil {
		return err
	}
	v, err := NewVerifier(words[1])
	if err != nil {
		return err
	}
	w := Witness{Name: words[0], Key: v}
	if len(words) == 3 {
		u, err := url.Parse(words[2])
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			return canonical.Refuse("a witness's URL is http:// or https://, a host, and perhaps a path")
		}
		w.URL = strings.TrimSuffix(words[2], "/")
	}
	if len(r.p.Witnesses) == maxNamed {
		return canonical.Refuse("more than %d witnesses", maxNamed)
	}
	r.p.Witnesses = append(r.p.Witnesses, w)
	return nil
}

func (r *policyReader) group(words []string) error {
	if len(words) < 3 {
		return canonical.Refuse("it must be: group NAME, then all, any or a number, then names")
	}
	name, members := words[0], words[2:]
	if err := r.define(name); err != nil {
		return err
	}
	for _, m := range members {
		switch {
		case m == name || !r.known[m]:
			return canonical.Refuse("%q is not defined on a line before this", m)
		case r.member[m]:
			return canonical.Refuse("%q is in a group already, and would count twice", m)
		}
		r.member[m] = true
	}
	g := group{members: members}
	switch words[1] {
	case "all":
		g.need = len(members)
	case "any":
		g.need = 1
	default:
		k, err := canonical.ParseDecimal(words[1])
		if err != nil || k < 1 || k > uint64(len(members)) {
			return canonical.Refuse("of %d members, 1 to %d can be needed, not %s", len(members), len(members), words[1])
		}
		g.need = int(k)
	}
	if len(r.p.groups) == maxNamed {
		return canonical.Refuse("more than %d groups", maxNamed)
	}
	r.p.groups[name] = g
	return nil
}

func (r *policyReader) setQuorum(words []string) error {
	switch {
	case len(words) != 1:
		return canonical.Refuse("it must be: quorum NAME")
	case r.p.quorum != "":
		return canonical.Refuse("a second quorum line")
	case words[0] != "none" && !r.known[words[0]]:
		return canonical.Refuse("%q is not defined on a line before this", words[0])
	}
	r.p.quorum = words[0]
	return nil
}

// Verifiers returns the keys of all its witnesses.
func (p *Policy) Verifiers() []*Verifier {
	all := make([]*Verifier, len(p.Witnesses))
	for i, w := range p.Witnesses {
		all[i] = w.Key
	}
	return all
}

// Satisfied reports whether verified cosignatures are enough.
func (p *Policy) Satisfied(by []Cosignature) bool {
	return p.quorum == "none" || p.witnessed(p.quorum, by)
}

// Cosigned says which of its witnesses are among verified cosignatures, by the
// names that the policy gives them, in its order.
func (p *Policy) Cosigned(by []Cosignature) (yes, no []string) {
	for _, w := range p.Witnesses {
		if p.witnessed(w.Name, by) {
			yes = append(yes, w.Name)
		} else {
			no = append(no, w.Name)
		}
	}
	return yes, no
}

// Require refuses cosignatures that are not enough, and names who is missing.
func (p *Policy) Require(by []Cosignature) error {
	if p.Satisfied(by) {
		return nil
	}
	yes, no := p.Cosigned(by)
	if len(yes) == 0 {
		yes = []string{"none"}
	}
	return canonical.Refuse("the witness policy is not met: %s cosigned, and %s did not", strings.Join(yes, ", "), strings.Join(no, ", "))
}

func (p *Policy) witnessed(name string, by []Cosignature) bool {
	g, ok := p.groups[name]
	if !ok {
		i := slices.IndexFunc(p.Witnesses, func(w Witness) bool { return w.Name == name })
		return slices.ContainsFunc(by, func(c Cosignature) bool { return same(c.Witness.key, p.Witnesses[i].Key.key) })
	}
	n := 0
	for _, m := range g.members {
		if p.witnessed(m, by) {
			n++
		}
	}
	return n >= g.need
}

// CheckLog refuses a policy whose logs are others than this ledger. A policy
// without logs is for every log.
func (p *Policy) CheckLog(log *ledger.Verifier) error {
	own := log.Keys()
	if len(p.Logs) == 0 || slices.Contains(p.Logs, own[0]) && slices.Contains(p.Logs, own[1]) {
		return nil
	}
	return canonical.Refuse("policy: both keys of %s must stand among its logs, or no log at all", log.Origin())
}

// Check verifies a published checkpoint: both of the log's signatures, and
// enough cosignatures. It is for third parties who trust some witnesses, and
// not the log alone.
func (p *Policy) Check(log *ledger.Verifier, msg []byte) (ledger.Checkpoint, []Cosignature, error) {
	if err := p.CheckLog(log); err != nil {
		return ledger.Checkpoint{}, nil, err
	}
	c, by, err := Open(log, msg, p.Verifiers())
	if err != nil {
		return ledger.Checkpoint{}, nil, err
	}
	if !p.Satisfied(by) {
		return ledger.Checkpoint{}, nil, canonical.Refuse("checkpoint %d of %s: %d of %d witness keys have cosigned it, and the policy wants more",
			c.Size, c.Origin, len(by), len(p.Witnesses))
	}
	return c, by, nil
}
