package release

import (
	"fmt"
	"slices"
	"strings"

	"zapis/internal/evidence/bundle"
	"zapis/internal/evidence/custody"
)

// custody returns the log as a bundle shows it: this case's events in full, of the others the hashes. Where a bundle
// of the same choices was made before, it ends where that one's did. Two kinds of event are shown as hashes too: one
// with the hash of a file that the bundle withholds, since a holder of a file could compare it; and one that says
// where an exhibit came from, where the narrative that says it is withheld.
func (b *bundling) custody() (custody.Excerpt, error) {
	sealed, plain := b.withheldFiles()
	mute := slices.ContainsFunc(b.in.Withhold, func(c bundle.Choice) bool { return c.Item == "narrative" })
	x, err := b.CaseExcerpt(b.o.ID, func(e custody.Event) bool {
		told := e.Act == custody.Received && e.Why != "" // where the owner has it from, and how
		return aboutEvidence(e) && !plain[e.In] && !plain[e.Out] && (e.Out == "" || !sealed[e.In]) && !(told && mute)
	})
	if err != nil {
		return custody.Excerpt{}, err
	}
	for n := uint64(1); n <= uint64(len(x.Hashes)); n++ {
		if e, shown := x.Shown[n]; !shown || e.Act != custody.Exported || e.In != b.made {
			continue
		}
		if e, shown := x.Shown[n+1]; shown && e.Act == custody.HandedOver && e.In == b.made {
			n++
		}
		return upTo(x, n), nil
	}
	return x, nil
}

// aboutEvidence reports whether an event is shown in a bundle: those about who had the evidence, and when. Grades,
// notes, replies to the reporter, and other hand-overs are internal: of those events the bundle has hashes.
func aboutEvidence(e custody.Event) bool {
	switch e.Act {
	case custody.Graded, custody.Replied:
		return false
	case custody.Noted:
		return e.In != "" && strings.HasPrefix(e.Subject, "event ")
	case custody.Exported:
		return strings.HasPrefix(e.Subject, "bundle ") || strings.HasPrefix(e.Subject, "working copy of ") || strings.HasPrefix(e.Subject, "the key of ")
	}
	return true
}

// withheldFiles returns the files whose disclosure lines the bundle leaves out, by the hashes of the sealed and of the
// original file: the latter may be in events of a hand-over or an exhibit.
func (b *bundling) withheldFiles() (sealed, plain map[string]bool) {
	sealed, plain = make(map[string]bool), make(map[string]bool)
	for _, e := range b.o.Exhibits {
		named := func(c bundle.Choice) bool { return c.Item == e.Name || c.Item == e.Slot }
		if e.Closed == "" && b.shown(e) && !slices.ContainsFunc(b.in.Withhold, named) {
			continue
		}
		sealed[e.Part.Hash.String()] = true
		if e.Described() {
			plain[e.SHA256] = true
		}
	}
	return sealed, plain
}

// recordShared records for one case what was recorded for many: the import of its submissions, the batch in which its
// statements were first opened, and that the log succeeds a lost one. A bundle can't show those events, which concern
// other cases; it shows this one, which contains their hashes.
func (b *bundling) recordShared() error {
	type shared struct {
		number uint64
		event  custody.Event
		what   string
	}
	var list []shared
	noted := make(map[string]bool)
	x, err := b.SharedExcerpt(b.o.ID, func(custody.Event) bool { return true })
	if err != nil {
		return err
	}
	for n := uint64(1); n <= uint64(len(x.Hashes)); n++ {
		e, shown := x.Shown[n]
		switch {
		case !shown:
		case e.Case == b.o.ID:
			if e.Act == custody.Noted {
				noted[e.In] = true
			}
		default:
			what, err := b.SharedWith(e, b.o)
			if err != nil {
				return err
			}
			if what != "" {
				list = append(list, shared{n, e, what})
			}
		}
	}
	for _, s := range list {
		hash := custody.Hex(x.Hashes[s.number-1])
		if noted[hash] {
			continue
		}
		record := custody.Record{By: b.By(), Act: custody.Noted, Case: b.o.ID, In: hash,
			Subject: fmt.Sprintf("event %d, at %s by %s: %s", s.number, s.event.At.Format("2006-01-02T15:04:05Z"), orNobody(s.event.By.Name), s.what)}
		if _, err := b.Custody.Record(record); err != nil {
			return err
		}
	}
	return nil
}

func orNobody(name string) string {
	if name == "" {
		return "somebody who gave no key"
	}
	return name
}

// upTo cuts an excerpt after event n.
func upTo(x custody.Excerpt, n uint64) custody.Excerpt {
	cut := custody.Excerpt{Hashes: x.Hashes[:n], Shown: make(map[uint64]custody.Event)}
	for i, h := range cut.Hashes {
		cut.Head = custody.Link(cut.Head, h)
		if e, shown := x.Shown[uint64(i+1)]; shown {
			cut.Shown[uint64(i+1)] = e
		}
	}
	return cut
}
