package links

import (
	"fmt"
	"math/bits"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const phrase = "Вам позвонит следователь и предложит вернуться домой иначе ваша мать потеряет работу"

func suggestions(t *testing.T, cases []Case, known Known) []string {
	t.Helper()
	list, _ := Suggest(cases, known)
	var out []string
	for _, s := range list {
		line := fmt.Sprintf("%s %s %d:", s.A, s.B, s.Weight)
		for _, r := range s.Reasons {
			line += fmt.Sprintf(" %s(%s)", r.Kind, r.Detail)
		}
		out = append(out, line)
	}
	return out
}

func TestReasons(t *testing.T) {
	cases := []Case{
		{Key: "c1", Text: "Мне написали. " + phrase + ". Я боюсь.", Files: []File{{"aa", 0xF0F0F0F0F0F0F0F0}}, Actors: []string{"полковник Іваноў"}, When: "2026-03-04", Place: "PL"},
		{Key: "c2", Text: "«" + strings.ToUpper(phrase) + "» — так и сказал", Files: []File{{"aa", 0}}, When: "2026-03", Place: "PL"},
		{Key: "c3", Text: "Ничего общего с другими здесь нет и быть не может ни одного слова", Files: []File{{"bb", 0xF0F0F0F0F0F0F0F0 ^ 0b10101}}, Actors: []string{"Полковник  Иванов"}, When: "2026", Place: "PL"},
		{Key: "c4", Text: "коротко", Files: []File{{"cc", 0}, {"cc", 1}}},
	}
	want := []string{
		"c1 c2 25: file(aa) phrase(" + phrase + ") month_place(2026-03 PL)",
		"c1 c3 8: picture(3)",
	}
	// Іваноў and Иванов differ by their last letter: fold keeps у and в apart.
	if got := suggestions(t, cases, Known{}); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	cases[0].Actors[0] = "ПОЛКОВНИК Иванов"
	want[1] = "c1 c3 12: picture(3) actor(полковник иванов)"
	if got := suggestions(t, cases, Known{}); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	// A refused reason is not given again; another one still is. A linked pair is not suggested.
	known := Known{Refused: map[Refusal]bool{{NewPair("c3", "c1"), NearPicture}: true}, Linked: map[Pair]bool{NewPair("c2", "c1"): true}}
	if got := suggestions(t, cases, known); !slices.Equal(got, []string{"c1 c3 4: actor(полковник иванов)"}) {
		t.Errorf("got %q", got)
	}
	slices.Reverse(cases)
	if got := suggestions(t, cases, Known{}); !slices.Equal(got, want) {
		t.Errorf("in another order: %q", got)
	}
}

// A file that two cases share is one reason, and a picture that one of them has beside it in another coding is a second.
func TestTheSameFileIsNotAlsoANearPicture(t *testing.T) {
	const h = 0xF0F0F0F0F0F0F0F0
	cases := []Case{{Key: "c1", Files: []File{{"aa", h}}}, {Key: "c2", Files: []File{{"aa", h}, {"bb", h ^ 3}}}}
	if got := suggestions(t, cases, Known{}); !slices.Equal(got, []string{"c1 c2 24: file(aa) picture(2)"}) {
		t.Errorf("got %q", got)
	}
	cases[1].Files = cases[1].Files[:1]
	if got := suggestions(t, cases, Known{}); !slices.Equal(got, []string{"c1 c2 16: file(aa)"}) {
		t.Errorf("got %q", got)
	}
}

// Two texts that share MinPhrase words are found at any position, and the shared words are returned.
func TestEveryLongPhraseIsFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := 0
		filler := func(what string) string {
			var out []string
			for range rapid.IntRange(0, 30).Draw(t, what) {
				n++
				out = append(out, fmt.Sprintf("w%d", n))
			}
			return strings.Join(out, " ")
		}
		var words []string
		for i := range rapid.IntRange(MinPhrase, 40).Draw(t, "words") {
			words = append(words, fmt.Sprintf("p%d", i))
		}
		shared := strings.Join(words, " ")
		a := Case{Key: "a", Text: filler("before a") + " " + shared + " " + filler("after a")}
		b := Case{Key: "b", Text: filler("before b") + " " + shared + " " + filler("after b")}
		list, common := Suggest([]Case{a, b}, Known{})
		want := strings.Join(words[:min(len(words), 2*MinPhrase)], " ")
		if len(list) != 1 || len(common) != 0 || !reflect.DeepEqual(list[0].Reasons, []Reason{{SamePhrase, want}}) {
			t.Fatalf("%v %v", list, common)
		}
	})
}

// Banding finds every pair of hashes that a comparison of each with each finds.
func TestEveryNearPictureIsFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base := rapid.Uint64().Draw(t, "base")
		var cases []Case
		for i := range rapid.IntRange(2, 10).Draw(t, "pictures") {
			h := base
			for range rapid.IntRange(0, Distance+3).Draw(t, "changes") {
				h ^= 1 << rapid.IntRange(0, 63).Draw(t, "bit")
			}
			cases = append(cases, Case{Key: fmt.Sprintf("c%02d", i), Files: []File{{fmt.Sprint(i), h}}})
		}
		var want []Pair
		first := map[uint64]string{} // cases with one and the same hash stand for each other
		for _, c := range cases {
			if first[c.Files[0].Picture] == "" {
				first[c.Files[0].Picture] = c.Key
			}
		}
		for i, a := range cases {
			for _, b := range cases[i+1:] {
				ha, hb := a.Files[0].Picture, b.Files[0].Picture
				named := ha == hb || first[ha] == a.Key && first[hb] == b.Key
				if bits.OnesCount64(ha^hb) <= Distance && !flat(ha) && !flat(hb) && named {
					want = append(want, NewPair(a.Key, b.Key))
				}
			}
		}
		var got []Pair
		list, _ := Suggest(cases, Known{})
		for _, s := range list {
			got = append(got, s.Pair)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%v, want %v", got, want)
		}
	})
}

func TestCommonThingsSuggestNothing(t *testing.T) {
	var cases []Case
	for i := range Limit + 1 {
		cases = append(cases, Case{Key: fmt.Sprintf("c%03d", i), Text: phrase, Files: []File{{"logo", 0}}, When: "2026-03", Place: "PL"})
	}
	list, common := Suggest(cases, Known{})
	if len(list) != 0 || len(common) < 3 || common[0] != (Common{SameFile, "logo", Limit + 1}) || common[1] != (Common{SameMonthPlace, "2026-03 PL", Limit + 1}) || common[2].Kind != SamePhrase {
		t.Errorf("%v %v", list, common)
	}
	// A group below the limit hangs together without every pair.
	list, common = Suggest(cases[:Limit], Known{})
	if len(list) != Limit-1 || len(common) != 0 {
		t.Errorf("%d suggestions, %v", len(list), common)
	}
}

func TestCampaigns(t *testing.T) {
	cases := []Case{
		{Key: "c1", Person: "p1", When: "2026-03-04"},
		{Key: "c2", Person: "p1", When: "2026-02"},
		{Key: "c3", When: ""},
		{Key: "c4", When: "2026"},
		{Key: "c5", Person: "p9"},
		{Key: "c6"}, {Key: "c7"},
	}
	links := []Link{{"c1", "part-of", "c2"}, {"c2", "same-actor", "c3"}, {"c3", "follows", "c4"}, {"c6", "part-of", "c7"}, {"c1", "part-of", "gone"}}
	got := Campaigns(cases, links)
	if len(got) != 1 || got[0].Persons != 3 || !slices.Equal(got[0].Cases, []string{"c1", "c2", "c3", "c4"}) {
		t.Fatalf("%+v", got)
	}
	var line []string
	for _, m := range got[0].Timeline {
		line = append(line, fmt.Sprintf("%s=%d", m.Case, m.Person))
	}
	if !slices.Equal(line, []string{"c4=0", "c2=1", "c1=1", "c3=2"}) {
		t.Errorf("timeline %v", line)
	}
	// Four reports of two persons are no campaign.
	if got := Campaigns(cases, append(links, Link{"c3", "duplicate-of", "c4"})); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}
