package incident

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestVersionsOnlyAdd(t *testing.T) {
	for version := 2; version <= VocabularyVersion; version++ {
		old, new := schemas[version-2], schemas[version-1]
		for _, name := range old.FieldNames() {
			if !slices.Contains(new.FieldNames(), name) {
				t.Errorf("vocabulary %d has no %s", version, name)
			}
		}
		for _, m := range old.Methods() {
			if i := slices.Index(new.Methods(), m); i < 0 {
				t.Errorf("vocabulary %d has no %s, or gives it another meaning", version, m.Code)
			}
		}
	}
}

func TestAVersionThatIsNotKnownIsRefused(t *testing.T) {
	for _, version := range []int{-1, 0, VocabularyVersion + 1, 9999} {
		s, err := Version(version)
		if s != nil || !errors.Is(err, ErrVersion) {
			t.Errorf("vocabulary %d: %v", version, err)
		}
		if _, err := FieldNames(version); !errors.Is(err, ErrVersion) {
			t.Errorf("vocabulary %d: %v", version, err)
		}
	}
	want := fmt.Sprintf("vocabulary %d, and this program knows 1 to %d: a newer program is needed to read this vocabulary", VocabularyVersion+1, VocabularyVersion)
	if _, err := Version(VocabularyVersion + 1); err == nil || err.Error() != want {
		t.Error(err)
	}
}

// TestAFieldAddedLaterLeavesOldVersionsAlone adds a question and a code to copies
// of the tables, as a change to this package would.
func TestAFieldAddedLaterLeavesOldVersionsAlone(t *testing.T) {
	more := slices.Insert(slices.Clone(fields), 4, Field{Name: "witnesses", Kind: KindText, MaxBytes: 100, Since: VocabularyVersion + 1})
	codes := append(slices.Clone(methods), Method{"X2", "later", "something of later", "X", VocabularyVersion + 1})
	grown := newSchemas(more, codes, VocabularyVersion+1)
	for i, old := range schemas {
		if !slices.Equal(grown[i].FieldNames(), old.FieldNames()) {
			t.Errorf("vocabulary %d commits to other fields: %q", i+1, grown[i].FieldNames())
		}
		if !slices.Equal(grown[i].Methods(), old.Methods()) {
			t.Errorf("vocabulary %d has other codes", i+1)
		}
	}
	newest := grown[VocabularyVersion]
	if got := newest.FieldNames(); len(got) != len(Newest().FieldNames())+1 || !slices.Contains(got, "witnesses") {
		t.Errorf("the new question is not committed: %q", got)
	}
	r, errs := newest.Validate(least("witnesses", "two", "method", "X2"), today, ActReport)
	if errs != nil {
		t.Fatal(errs)
	}
	if got := newest.Values(r); string(got[4].JSON) != `"two"` {
		t.Errorf("%s %s", got[4].Field, got[4].JSON)
	}
	if _, errs := Newest().Validate(least("witnesses", "two"), today, ActReport); errs.Of("witnesses") != UnknownField {
		t.Errorf("an older version takes the new question: %v", errs)
	}
}

func TestACodeOfALaterVersionIsNotTakenByAnEarlier(t *testing.T) {
	first := schemas[0]
	if _, errs := first.Validate(least("method", "D7"), today, ActReport); errs.Of("method") != UnknownCode {
		t.Errorf("D7 under vocabulary 1: %v", errs)
	}
	r, errs := Newest().Validate(least("method", "D1", "method", "D7"), today, ActReport)
	if errs != nil {
		t.Fatal(errs)
	}
	if errs := first.Check(r); errs.Of("method") != UnknownCode || len(errs) != 1 {
		t.Errorf("a report of vocabulary 2 in a ledger of vocabulary 1: %v", errs)
	}
	if errs := Newest().Check(r); errs != nil {
		t.Errorf("in its own: %v", errs)
	}
}

func TestTheStatementsOwnLinesComeFirst(t *testing.T) {
	if got := strings.Join(Newest().FieldNames()[:7], " "); got != "act case number received reporter_key reporter_signature danger_now" {
		t.Error(got)
	}
	if schemas[0].CommitsHead() || schemas[0].FieldNames()[0] != "danger_now" {
		t.Error("vocabulary 1 commits to more than answers")
	}
}
