package deskstate

import (
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var t0 = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

type desk struct {
	t  testing.TB
	l  *Log
	at time.Time
}

func newDesk(t testing.TB) *desk { return &desk{t, NewLog(), t0} }

// act makes an event and adds it.
func (d *desk) act(by string, kind Kind, pairs ...string) string {
	d.t.Helper()
	e, err := d.l.Act(by, d.at, "c1", kind, payload(pairs))
	return d.take(e, err)
}

func (d *desk) take(e Event, err error) string {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
	d.at = d.at.Add(time.Minute)
	if added, err := d.l.Add(e); !added || err != nil {
		d.t.Fatal(added, err)
	}
	return e.ID()
}

func (d *desk) undo(by, id string) string {
	d.t.Helper()
	return d.take(d.l.Undo(by, d.at, id, ""))
}

// refused checks that an act is refused with this text.
func (d *desk) refused(want, by string, kind Kind, pairs ...string) {
	d.t.Helper()
	if _, err := d.l.Act(by, d.at, "c1", kind, payload(pairs)); err == nil || err.Error() != want || !errors.Is(err, ErrEvent) {
		d.t.Errorf("%v, want %s", err, want)
	}
}

func payload(pairs []string) map[string]string {
	p := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		p[pairs[i]] = pairs[i+1]
	}
	return p
}

func TestStates(t *testing.T) {
	d := newDesk(t)
	state := func(want string) {
		t.Helper()
		if got := d.l.Case("c1").State.Text; got != want {
			t.Errorf("state %q, want %q", got, want)
		}
	}
	state(Received)
	d.refused("state: no case goes from received to assessed", "anna", KindState, "to", "assessed")
	d.act("anna", KindState, "to", "triaged", "why", "read it")
	d.act("anna", KindState, "to", "in_review")
	last := d.act("anna", KindState, "to", "assessed")
	state("assessed")
	d.undo("boris", last)
	state("in_review")
	d.undo("anna", d.l.Case("c1").History[3].ID) // the undo itself
	state("assessed")

	// A referral takes effect when a second person has confirmed it.
	ref := d.act("anna", KindState, "to", "referred")
	state("assessed")
	if p := d.l.Case("c1").Pending; len(p) != 1 || p[0].ID != ref {
		t.Fatalf("pending %v", p)
	}
	d.refused("a second person confirms, not the same one", "anna", KindConfirm, "event", ref)
	yes := d.act("boris", KindConfirm, "event", ref)
	state("referred")
	if p := d.l.Case("c1").Pending; len(p) != 0 {
		t.Errorf("pending %v", p)
	}
	d.undo("boris", yes)
	state("assessed")
	d.act("boris", KindState, "to", "closed", "from", "assessed")
	state("closed")
	if p := d.l.Case("c1").Pending; len(p) != 0 {
		t.Errorf("a referral that another move replaced still waits: %v", p)
	}
	d.refused("nothing of this name waits for a second person", "boris", KindConfirm, "event", ref)
}

func TestEveryStateIsReached(t *testing.T) {
	want := []string{"received", "triaged", "in_review", "needs_info", "assessed", "referred", "closed",
		"duplicate", "out_of_scope", "withdrawn", "erased", "unconfirmed", "found_false"}
	reached := []string{Received}
	for i := 0; i < len(reached); i++ {
		for _, to := range Moves(reached[i]) {
			if !slices.Contains(reached, to) {
				reached = append(reached, to)
			}
		}
	}
	slices.Sort(want)
	slices.Sort(reached)
	states := slices.Sorted(slices.Values(States()))
	if !slices.Equal(reached, want) || !slices.Equal(states, want) {
		t.Errorf("reached %v, in the table %v, want %v", reached, states, want)
	}
}

func TestSecondPerson(t *testing.T) {
	d := newDesk(t)
	d.act("anna", KindSet, "field", "corroboration", "value", "K1")
	k2 := d.act("anna", KindSet, "field", "corroboration", "value", "K2")
	if got := d.l.Case("c1").Fields["corroboration"].Text; got != "K1" {
		t.Errorf("before the second person: %q", got)
	}
	// A confirmation by the author of the act has no effect, even if it was made outside a desk.
	forged := Event{By: "anna", Number: 9, Time: t0, Case: "c1", Kind: KindConfirm, Payload: map[string]string{"event": k2}}
	if _, err := d.l.Add(forged); err != nil {
		t.Fatal(err)
	}
	c := d.l.Case("c1")
	if c.Fields["corroboration"].Text != "K1" || len(c.Rejected) != 1 || c.Rejected[0].Why != "a second person confirms, not the same one" {
		t.Errorf("%+v %+v", c.Fields["corroboration"], c.Rejected)
	}
	d.act("boris", KindConfirm, "event", k2)
	if got := d.l.Case("c1").Fields["corroboration"].Text; got != "K2" {
		t.Errorf("after the second person: %q", got)
	}
}

func TestConflict(t *testing.T) {
	d := newDesk(t)
	d.act("anna", KindSet, "field", "priority", "value", "low")
	// Boris has not seen Anna's.
	theirs := NewLog()
	e, err := theirs.Act("boris", t0, "c1", KindSet, payload([]string{"field", "priority", "value", "urgent", "why", "a date"}))
	d.take(e, err)
	c := d.l.Case("c1")
	if r := c.Fields["priority"]; !r.Conflict || r.Text != "" || len(r.Heads) != 2 || !slices.Equal(c.Conflicts(), []string{"priority"}) {
		t.Fatalf("%+v, conflicts %v", r, c.Conflicts())
	}
	d.act("anna", KindSet, "field", "priority", "value", "high")
	if r := d.l.Case("c1").Fields["priority"]; r.Conflict || r.Text != "high" || len(r.Heads) != 1 {
		t.Errorf("%+v", r)
	}
	// Equal values of two trustees are no contradiction.
	e, err = theirs.Act("vera", t0, "c1", KindSet, payload([]string{"field", "priority", "value", "high"}))
	d.take(e, err)
	if r := d.l.Case("c1").Fields["priority"]; r.Conflict || r.Text != "high" || len(r.Heads) != 2 {
		t.Errorf("%+v", r)
	}
	if len(d.l.Case("c1").History) != 4 {
		t.Error("an event was lost")
	}
}

func TestSetsLinksNotesRead(t *testing.T) {
	d := newDesk(t)
	tag := d.act("anna", KindSet, "field", "tag", "value", "Vilnius")
	d.act("boris", KindSet, "field", "tag", "value", "bank")
	d.refused("tag has this value already", "boris", KindSet, "field", "tag", "value", "bank")
	first := d.act("anna", KindSet, "field", "refusal", "office", "bank", "date", "2026-05-01")
	link := d.act("anna", KindLink, "type", "part-of", "other", "c2", "why", "the same week")
	d.refused("the cases are linked so already", "anna", KindLink, "type", "part-of", "other", "c2")
	d.act("anna", KindRefuse, "other", "c3", "reason", "actor")
	d.act("anna", KindRead, "upto", "17")
	d.act("anna", KindRead, "upto", "4")
	note := d.act("anna", KindNote, "text", "call her")
	d.take(d.l.Act("boris", d.at, "c1", KindNote, payload([]string{"text", "call her lawyer"}), note))
	d.take(d.l.Act("boris", d.at, "c1", KindSet, payload([]string{"field", "refusal", "office", "bank", "date", "2026-05-02", "appeal_by", "2026-06-02"}), first))
	c := d.l.Case("c1")
	if len(c.Sets["tag"]) != 2 || len(c.Links) != 1 || len(c.Refused) != 1 || c.Read["anna"] != 17 {
		t.Fatalf("%+v", c)
	}
	if len(c.Notes) != 1 || c.Notes[0].Text != "call her lawyer" {
		t.Errorf("notes %+v", c.Notes)
	}
	if r := c.Sets["refusal"]; len(r) != 1 || !reflect.DeepEqual(r[0].Parts, map[string]string{"office": "bank", "date": "2026-05-02", "appeal_by": "2026-06-02"}) {
		t.Errorf("refusal %+v", r)
	}
	d.undo("boris", link)
	d.undo("boris", tag)
	c = d.l.Case("c1")
	if len(c.Links) != 0 || len(c.Sets["tag"]) != 1 || c.Sets["tag"][0].Text != "bank" || len(d.l.Links()) != 0 {
		t.Errorf("%+v %+v", c.Links, c.Sets)
	}
	if _, err := d.l.Undo("boris", t0, link, ""); err == nil || err.Error() != "that is undone already" {
		t.Error(err)
	}
	if _, err := d.l.Undo("boris", t0, "x", ""); err == nil || err.Error() != `there is no event "x" to undo` {
		t.Error(err)
	}
}

func TestAnonymousStartsAtF(t *testing.T) {
	d := newDesk(t)
	if c := d.l.Case("c1"); c.Reliability(true) != "F" || c.Reliability(false) != "" {
		t.Errorf("%q %q", c.Reliability(true), c.Reliability(false))
	}
	d.act("anna", KindSet, "field", "reliability", "value", "C")
	if c := d.l.Case("c1"); c.Reliability(true) != "C" {
		t.Errorf("%q", c.Reliability(true))
	}
}

func TestForks(t *testing.T) {
	l := NewLog()
	for _, e := range []Event{
		{By: "anna", Number: 1, Time: t0, Case: "c1", Kind: KindNote, Payload: map[string]string{"text": "a"}},
		{By: "anna", Number: 4, Time: t0, Case: "c1", Kind: KindNote, Payload: map[string]string{"text": "b"}},
		{By: "anna", Number: 4, Time: t0, Case: "c2", Kind: KindNote, Payload: map[string]string{"text": "c"}},
	} {
		if _, err := l.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	if l.Last("anna") != 4 || l.Last("vera") != 0 {
		t.Errorf("last %d", l.Last("anna"))
	}
	if got := l.Forks(); !reflect.DeepEqual(got, map[string][]uint64{"anna": {4}}) || len(l.Case("c2").Notes) != 1 {
		t.Errorf("forks %v", got)
	}
}

// Events that contradict what they name take no effect, and say why.
func TestRejected(t *testing.T) {
	d := newDesk(t)
	state := d.act("anna", KindState, "to", "triaged")
	note := d.act("anna", KindNote, "text", "a")
	for n, tt := range []struct {
		e    Event
		want string
	}{
		{Event{Kind: KindState, Payload: map[string]string{"from": "triaged", "to": "in_review"}}, "the case was not in the state that it leaves"},
		{Event{Kind: KindState, Payload: map[string]string{"from": "in_review", "to": "assessed"}, Supersedes: []string{state}}, "the case was not in the state that it leaves"},
		{Event{Kind: KindState, Payload: map[string]string{"from": "received", "to": "triaged"}, Supersedes: []string{note}}, "it replaces an event about something else"},
		{Event{Kind: KindNote, Case: "c2", Payload: map[string]string{"text": "b"}, Supersedes: []string{note}}, "it replaces an event of another case"},
		{Event{Kind: KindUndo, Case: "c2", Undoes: note}, "it undoes an event of another case"},
		{Event{Kind: KindConfirm, Case: "c2", Payload: map[string]string{"event": note}}, "it confirms an event of another case"},
	} {
		e := tt.e
		e.By, e.Number, e.Time = "mallory", uint64(n+1), t0
		if e.Case == "" {
			e.Case = "c1"
		}
		if _, err := d.l.Add(e); err != nil {
			t.Fatal(err)
		}
		id := e.ID()
		if !slices.Contains(d.l.Case(e.Case).Rejected, Rejected{id, tt.want}) {
			t.Errorf("%s: rejected %v", tt.want, d.l.Case(e.Case).Rejected)
		}
	}
	if c := d.l.Case("c1"); c.State.Text != "triaged" || len(c.Notes) != 1 {
		t.Errorf("%+v", c)
	}
}

func TestParseRefusals(t *testing.T) {
	good := Event{By: "anna", Number: 7, Time: t0, Case: "c00aa", Kind: KindState, Payload: map[string]string{"from": "received", "to": "triaged", "why": "read <it>"}}
	line := string(good.Marshal())
	if line != `{"v":1,"by":"anna","number":7,"time":"2026-11-22T09:00:00Z","case":"c00aa","kind":"state","payload":{"from":"received","to":"triaged","why":"read <it>"},"supersedes":[],"undoes":""}` {
		t.Errorf("encoded as %s", line)
	}
	if got, err := Parse([]byte(line)); err != nil || got.ID() != good.ID() {
		t.Fatal(got, err)
	}
	set := func(p string) string {
		return strings.NewReplacer(`"state"`, `"set"`, `{"from":"received","to":"triaged","why":"read <it>"}`, p).Replace(line)
	}
	kind := func(k, p string) string {
		return strings.NewReplacer(`"state"`, `"`+k+`"`, `{"from":"received","to":"triaged","why":"read <it>"}`, p).Replace(line)
	}
	for _, tt := range []struct{ line, want string }{
		{"", "event: not JSON of the expected members"},
		{strings.Repeat("x", 65537), "event: it has 65537 bytes, and at most 65000 are allowed"},
		{strings.Replace(line, `"v":1`, `"v":2`, 1), "event: version 2, and this program reads version 1"},
		{strings.Replace(line, `"v":1`, `"v":1,"x":1`, 1), "event: not JSON of the expected members"},
		{strings.Replace(line, `"v":1`, `"v": 1`, 1), "event: not in the canonical encoding"},
		{line + " ", "event: not in the canonical encoding"},
		{line + line, "event: not in the canonical encoding"},
		{strings.Replace(line, "read <it>", "read \\u003cit>", 1), "event: not in the canonical encoding"},
		{strings.Replace(line, `[]`, `null`, 1), "event: not in the canonical encoding"},
		{strings.Replace(line, "09:00:00Z", "09:00:00+00:00", 1), "event: the time is not UTC to the second (2006-01-02T15:04:05Z)"},
		{strings.Replace(line, "anna", "Anna", 1), "event: by: a name is 1 to 32 of a-z, 0-9, '.', '_' and '-', and begins with a letter or digit"},
		{strings.Replace(line, `:7,`, `:0,`, 1), "event: numbers start at 1"},
		{strings.Replace(line, "c00aa", "../c", 1), "event: a case is named by lower-case letters and digits"},
		{strings.Replace(line, `[]`, `["x"]`, 1), `event: "x" is no event's name`},
		{strings.Replace(line, `[]`, `["b","a"]`, 1), "event: what it supersedes is not in ascending order"},
		{strings.Replace(line, `"undoes":""`, `"undoes":"a"`, 1), "event: an undo names one event, and no other kind does"},
		{strings.Replace(line, `"to":"triaged"`, `"to":"closed"`, 1), "state: no case goes from received to closed"},
		{strings.Replace(line, `"to":"triaged"`, `"to":"lost"`, 1), "state is one of " + strings.Join(States(), ", ")},
		{strings.Replace(line, `"to":"triaged",`, ``, 1), "payload: to is missing"},
		{strings.Replace(line, `"to":"triaged"`, `"tag":"x","to":"triaged"`, 1), `payload: "tag" does not belong there`},
		{strings.Replace(line, "read <it>", "", 1), "why: it is empty"},
		{strings.Replace(line, "read <it>", `\u0007`, 1), "why: it has control characters"},
		{kind("vote", `{}`), `event: there is no kind "vote"`},
		{kind("note", `{"text":"`+strings.Repeat("y", 40001)+`"}`), "note: it has 40001 bytes, and at most 40000 are allowed"},
		{kind("link", `{"other":"c2","type":"like"}`), "type is one of duplicate-of, part-of, follows, same-actor"},
		{kind("link", `{"other":"c00aa","type":"follows"}`), "a case is not linked to itself"},
		{kind("link", `{"other":"C2","type":"follows"}`), "event: a case is named by lower-case letters and digits"},
		{kind("read", `{"upto":"07"}`), "upto is the number of a ledger's entry"},
		{kind("confirm", `{"event":"7"}`), `event: "7" is no event's name`},
		{set(`{"field":"colour","value":"red"}`), `there is no field "colour"`},
		{set(`{"field":"priority"}`), "payload: value is missing"},
		{set(`{"field":"priority","value":"red"}`), "priority is one of low, normal, high, urgent"},
		{set(`{"field":"corroboration","value":"K4"}`), "corroboration is one of K0, K1, K2, K3"},
		{set(`{"field":"reliability","value":"G"}`), "reliability is one of A, B, C, D, E, F"},
		{set(`{"field":"content","value":"0"}`), "content is one of 1, 2, 3, 4, 5, 6"},
		{set(`{"field":"next_review","value":"2026-02-30"}`), "next_review is a day, as in 2027-03-31"},
		{set(`{"field":"act_country","value":"ZZ"}`), "act_country is a country's code of two letters, or unknown"},
		{set(`{"field":"method","value":"T0"}`), "method is a code of the vocabulary, as in T6"},
		{set(`{"field":"owner","value":"Anna"}`), "owner: a name is 1 to 32 of a-z, 0-9, '.', '_' and '-', and begins with a letter or digit"},
		{set(`{"field":"refusal"}`), "refusal: nothing is said"},
		{set(`{"field":"refusal","office":"zoo"}`), "office is one of " + strings.Join(offices, ", ")},
		{set(`{"field":"solution","office":"bank","text":"x"}`), `payload: "text" does not belong there`},
	} {
		_, err := Parse([]byte(tt.line))
		if err == nil || err.Error() != tt.want || !errors.Is(err, ErrEvent) {
			t.Errorf("%.200s:\n got %v\nwant %s", tt.line, err, tt.want)
		}
	}
}

// Every field of the table accepts its values, and the page that specifies them has the same.
func TestFieldsAreSpecified(t *testing.T) {
	page, err := os.ReadFile("../../../docs/spec/desk.md")
	if err != nil {
		t.Fatal(err)
	}
	var check func(prefix string, list []Field)
	check = func(prefix string, list []Field) {
		for _, f := range list {
			what := string(f.Shape)
			for _, c := range f.Codes {
				if err := f.Check(c); err != nil {
					t.Error(err)
				}
			}
			if f.Codes != nil {
				what = "`" + strings.Join(f.Codes, "` `") + "`"
			}
			if row := "| `" + prefix + f.Name + "` | " + what; !strings.Contains(string(page), row) {
				t.Errorf("docs/spec/desk.md lacks %s", row)
			}
			check(prefix+f.Name+"/", f.Parts)
		}
	}
	check("", fields)
	for _, m := range moves {
		if row := "| `" + m.from + "` | " + codeList(m.to); !strings.Contains(string(page), row) {
			t.Errorf("docs/spec/desk.md lacks %s", row)
		}
	}
}

func codeList(codes []string) string {
	if len(codes) == 0 {
		return "nothing"
	}
	return "`" + strings.Join(codes, "` `") + "`"
}

// Whatever three trustees do, each seeing only some of what the others did, and in whatever order and however
// often the events arrive, every desk shows the same.
func TestAnyOrderGivesTheSameDesk(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := []string{"anna", "boris", "vera"}
		logs := map[string]*Log{}
		for _, n := range names {
			logs[n] = NewLog()
		}
		var all []Event
		at := t0
		for range rapid.IntRange(1, 40).Draw(t, "acts") {
			by := rapid.SampledFrom(names).Draw(t, "by")
			e, err := randomAct(t, logs[by], by, at)
			at = at.Add(time.Duration(rapid.IntRange(-90, 90).Draw(t, "clock")) * time.Second)
			if err != nil {
				continue
			}
			all = append(all, e)
			for _, n := range names {
				if n == by || rapid.Bool().Draw(t, "seen") {
					if _, err := logs[n].Add(e); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		want := NewLog()
		for _, e := range all {
			if _, err := want.Add(e); err != nil {
				t.Fatal(err)
			}
		}
		got := NewLog()
		for _, e := range append(rapid.Permutation(all).Draw(t, "order"), all...) {
			read, err := Parse(e.Marshal())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := got.Add(read); err != nil {
				t.Fatal(err)
			}
			if rapid.Bool().Draw(t, "looked") { // a desk that is looked at between imports
				got.Case(e.Case)
			}
		}
		for _, key := range []string{"c1", "c2"} {
			a, b := want.Case(key), got.Case(key)
			if !reflect.DeepEqual(a, b) {
				t.Fatalf("%+v\n%+v", a, b)
			}
			if len(a.State.Heads) > 0 && a.State.Text == "" && !a.State.Conflict {
				t.Fatalf("no state: %+v", a.State)
			}
		}
		if !reflect.DeepEqual(want.Forks(), got.Forks()) || len(want.Forks()) != 0 {
			t.Fatalf("forks %v %v", want.Forks(), got.Forks())
		}
	})
}

func randomAct(t *rapid.T, l *Log, by string, at time.Time) (Event, error) {
	key := rapid.SampledFrom([]string{"c1", "c2"}).Draw(t, "case")
	other := map[string]string{"c1": "c2", "c2": "c1"}[key]
	c := l.Case(key)
	switch rapid.IntRange(0, 9).Draw(t, "kind") {
	case 0, 1:
		return l.Act(by, at, key, KindSet, map[string]string{"field": "corroboration", "value": rapid.SampledFrom([]string{"K0", "K1", "K2", "K3"}).Draw(t, "K")})
	case 2:
		return l.Act(by, at, key, KindLink, map[string]string{"type": rapid.SampledFrom(linkTypes).Draw(t, "type"), "other": other})
	case 3:
		return l.Act(by, at, key, KindSet, map[string]string{"field": "tag", "value": rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "tag")})
	case 4:
		if len(c.History) > 0 {
			return l.Undo(by, at, rapid.SampledFrom(c.History).Draw(t, "undo").ID, "")
		}
	case 5:
		if len(c.Pending) > 0 {
			return l.Act(by, at, key, KindConfirm, map[string]string{"event": c.Pending[0].ID})
		}
	case 6:
		return l.Act(by, at, key, KindRead, map[string]string{"upto": rapid.SampledFrom([]string{"1", "5", "9"}).Draw(t, "upto")})
	}
	from := c.State.Text
	if c.State.Conflict {
		from = c.State.Heads[0].Text
	}
	if len(Moves(from)) == 0 {
		return Event{}, errors.New("nowhere to go")
	}
	return l.Act(by, at, key, KindState, map[string]string{"from": from, "to": rapid.SampledFrom(Moves(from)).Draw(t, "to")})
}

func FuzzParse(f *testing.F) {
	f.Add(Event{By: "anna", Number: 1, Time: t0, Case: "c1", Kind: KindNote, Payload: map[string]string{"text": "a"}}.Marshal())
	f.Add(Event{By: "anna", Number: 1, Time: t0, Case: "c1", Kind: KindSet, Payload: map[string]string{"field": "priority", "value": "low"}}.Marshal())
	f.Fuzz(func(t *testing.T, line []byte) {
		e, err := Parse(line)
		if err != nil {
			if !errors.Is(err, ErrEvent) {
				t.Fatalf("%v is no refusal", err)
			}
			return
		}
		if string(e.Marshal()) != string(line) {
			t.Fatalf("%q is written as %q", line, e.Marshal())
		}
		if _, err := NewLog().Add(e); err != nil {
			t.Fatal(err)
		}
	})
}

// What Act makes, Parse reads: a note that grows when it is escaped is refused before it is kept.
func TestAnEventIsNotLongerThanItsReaderTakes(t *testing.T) {
	d := newDesk(t)
	d.refused("event: it has 80136 bytes, and at most 65000 are allowed", "anna", KindNote, "text", strings.Repeat(`"`, 40_000))
}

func TestAnEventIsFoundByTheBeginningOfItsID(t *testing.T) {
	d := newDesk(t)
	id := d.act("anna", KindNote, "text", "x")
	d.act("anna", KindNote, "text", "y")
	c := d.l.Case("c1")
	for _, begin := range []string{id, id[:6]} {
		if got, err := c.EventID(begin); got != id || err != nil {
			t.Errorf("%s: %s, %v", begin, got, err)
		}
	}
	c.History = append(c.History, Entry{ID: id[:6] + "0"})
	for begin, want := range map[string]string{
		id[:5]:   `"` + id[:5] + `" is too short to name an event`,
		id[:6]:   `2 events of the case begin with "` + id[:6] + `"`,
		"ffffff": `the case has no event "ffffff"`,
	} {
		if _, err := c.EventID(begin); err == nil || err.Error() != want || !errors.Is(err, ErrEvent) {
			t.Errorf("%s: %v, want %s", begin, err, want)
		}
	}
}

// A case without events is what a fold of none gives, and takes no memory of its own.
func TestACaseWithoutEventsIsFoldedOnce(t *testing.T) {
	d := newDesk(t)
	d.act("anna", KindNote, "text", "x")
	if got, want := d.l.Case("c9"), fold("c9", d.l); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	many := strings.Repeat("c", 200)
	if n := testing.AllocsPerRun(100, func() { many = many[1:]; d.l.Case(many) }); n > 0 { // another case each time
		t.Errorf("%v allocations", n)
	}
}
