package release

import (
	"os"
	"slices"
	"strings"

	"zapis/internal/evidence/bundle"
	"zapis/internal/evidence/custody"
	"zapis/internal/exit"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/review"
	"zapis/internal/trustee/vault"
)

// maxLine bounds a text of one line, in bytes.
const maxLine = 500

// HandedOver is the content of the custody event of a hand-over.
type HandedOver struct {
	Number uint64 // of the event
	SHA256 string // of the file, hex
}

// CheckHandOver refuses what can be refused without a key: the recipient and the purpose are one line each.
func CheckHandOver(to, why string) error {
	for _, one := range []struct{ what, line string }{{"who gets it", to}, {"what for", why}} {
		if one.what == "who gets it" && to == "" || strings.ContainsAny(one.line, "\n\r") || review.CheckText(one.line) != nil || len(one.line) > maxLine {
			return exit.New(exit.Usage, "", "%s is one line of at most %d bytes", one.what, maxLine)
		}
	}
	return nil
}

// HandOver records that a file, by its hash, is handed over to a recipient. It refuses what the reporter has not
// allowed, and a file that was made from another case.
func HandOver(t *casework.Trustee, c *casework.Case, file *os.File, to, why string, leave casefile.Leave) (HandedOver, error) {
	if err := CheckHandOver(to, why); err != nil {
		return HandedOver{}, err
	}
	var done HandedOver
	err := gate{t}.pass(request{kind: handOver, cases: []*casework.Case{c}, to: casefile.Anybody(to), leave: leave,
		prepare: func([]*casefile.Case) ([]custody.Record, error) {
			got, err := vault.DigestFile(file)
			if err != nil {
				return nil, err
			}
			done.SHA256 = custody.Hex(got.Hash)
			if text := c.Summary().Allowed().Why(casefile.Anybody(to), leave); text != "" {
				why = strings.TrimPrefix(why+"; "+text, "; ")
			}
			record := custody.Record{Act: custody.HandedOver, Case: c.ID, In: done.SHA256, Subject: "to " + to, Why: why}
			return []custody.Record{record}, madeOf(t, c, file, done.SHA256)
		},
		act: func() error { done.Number = t.Custody.Len(); return nil }})
	return done, err
}

// madeOf refuses a file that was made from another case, according to the bundle itself or the custody log: that
// case's consent would be needed.
func madeOf(t *casework.Trustee, c *casework.Case, file *os.File, hash string) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	var of []string
	if id, err := bundle.CaseOf(file, info.Size()); err == nil {
		of = append(of, id)
	}
	exported, err := t.ExportedAs(hash)
	of = append(of, exported...)
	if err != nil || len(of) == 0 || slices.Contains(of, c.ID) {
		return err
	}
	return exit.New(exit.Failed, "name that case: its consent is what counts", "the file was made of the case %s, not of %s", of[0], c.ID)
}
