package review

import (
	"flag"
	"fmt"
	"strings"
	"testing"

	"zapis/crypto/ledger/ledgertest"
)

var update = flag.Bool("update", false, "write docs/spec/vectors/review again")

const vectors = "../../../docs/spec/vectors/review"

func judge(text []byte) (string, error) {
	r, err := Parse(text)
	return fmt.Sprintf("%s on %s, %d bytes of words", r.Kind, r.CaseID(), len(r.Text)), err
}

func TestVectors(t *testing.T) {
	if *update {
		writeVectors(t)
	}
	ledgertest.CheckVectors(t, vectors, judge)
}

func TestSpecShowsAVector(t *testing.T) {
	ledgertest.CheckSample(t, "../../../docs/spec/review.md", vectors+"/grade.txt")
}

func writeVectors(t *testing.T) {
	var list []ledgertest.Vector
	v := func(file, class string, content []byte) {
		list = append(list, ledgertest.Vector{File: file, Class: class, Content: content})
	}
	names := []string{"note.txt", "grade.txt", "grade-nexus-only.txt", "translation.txt", "translation-by-another.txt", "reply.txt", "exhibit.txt", "desk.txt"}
	texts := make(map[string][]byte)
	for i, r := range all() {
		texts[names[i]] = r.Marshal()
		v(names[i], "ok", texts[names[i]])
	}
	edit := func(class, file, of, from, to string) { v(file, class, ledgertest.Edit(texts[of], from, to)) }
	bad := func(file, of, from, to string) { edit("canonical", file, of, from, to) }
	wrong := func(file, of, from, to string) { edit("words", file, of, from, to) }
	bad("version.txt", "note.txt", "/v1", "/v2")
	bad("hour-of-one-digit.txt", "note.txt", "T09", "T9")
	bad("time-zone.txt", "note.txt", "00Z", "00+00:00")
	bad("unknown-kind.txt", "note.txt", "kind note", "kind rumour")
	wrong("control-character.txt", "note.txt", "Same", "\x1b[2J")
	wrong("not-utf-8.txt", "note.txt", "Same", "\xff")
	wrong("no-such-nexus.txt", "grade.txt", "nexus proxy", "nexus enemy")
	wrong("no-such-source.txt", "grade.txt", "source B", "source b")
	wrong("no-such-information.txt", "grade.txt", "information 2", "information 0")
	wrong("nothing-graded.txt", "grade-nexus-only.txt", "nexus host_only", "nexus -")
	wrong("no-language.txt", "translation.txt", "language en", "language -")
	wrong("hidden-translator.txt", "translation.txt", "translator -", "translator a\u202eb")
	bad("exhibit-without-hash.txt", "exhibit.txt", "of ", "of 0")
	head, _, _ := strings.Cut(string(texts["note.txt"]), "\n\n")
	v("note-without-words.txt", "words", []byte(head+"\n"))
	v("note-of-spaces.txt", "words", []byte(head+"\n\n \n"))
	v("blank-line-and-nothing.txt", "words", []byte(string(texts["exhibit.txt"])+"\n"))
	wrong("desk-control-character.txt", "desk.txt", "triaged", "tri\x07aged")
	head, _, _ = strings.Cut(string(texts["desk.txt"]), "\n\n")
	v("desk-without-events.txt", "words", []byte(head+"\n"))
	if err := ledgertest.WriteVectors(vectors, judge, list...); err != nil {
		t.Fatal(err)
	}
}
