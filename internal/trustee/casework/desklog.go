package casework

import (
	"bytes"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"

	"zapis/crypto/card"
	"zapis/internal/atomicfile"
	"zapis/internal/evidence/custody"
	"zapis/internal/exit"
	"zapis/internal/trustee/deskstate"
	"zapis/internal/trustee/vault"
)

// The trustees' decisions about cases are a set of events (docs/spec/desk.md). This vault's copy is in desk/, one file
// per act, named by its number and sealed to the owner. Anyone can seal to the owner, so the owner signs each file:
//
//	-----BEGIN SSH SIGNATURE----- …        over the rest, in the namespace zapis-desk
//	zapis/desk-events/v1 <ledger card>
//	{"v":1,"by":"anna", …}                 an event a line
const (
	deskDir       = "desk"
	deskHeader    = "zapis/desk-events/v1 "
	namespaceDesk = "zapis-desk"
	signatureEnd  = "-----END SSH SIGNATURE-----\n"
)

// deskFiles is the number of files in desk/ at which they are merged into one. Tests lower it.
var deskFiles = 256

// Decision is one act on one case, requested by a page or a verb.
type Decision struct {
	Case     string // its whole id
	Kind     deskstate.Kind
	Payload  map[string]string
	Replaces []string // of a set's element or a note: the events that this one corrects
	Undoes   string   // of an undo, which names nothing else but the reason
	Why      string
}

// Desk returns the events of this vault. The log belongs to the Trustee: Decide and TakeEvents change it.
func (v *Trustee) Desk() (*deskstate.Log, error) {
	if err := v.NeedKey(); err != nil {
		return nil, err
	}
	if v.desk != nil {
		return v.desk, nil
	}
	names, err := v.Names(deskDir)
	if err != nil {
		return nil, err
	}
	log := deskstate.NewLog()
	for _, name := range names {
		events, err := v.readEvents(filepath.Join(deskDir, name))
		if err != nil {
			return nil, err
		}
		for _, e := range events {
			if _, err := log.Add(e); err != nil {
				return nil, exit.New(exit.Mismatch, "take a copy of the vault from before", "the vault's %s/%s: %w", deskDir, name, err)
			}
		}
	}
	if len(names) > deskFiles {
		if err := v.replaceEvents(log.Events(), names); err != nil {
			return nil, err
		}
	}
	v.desk = log
	return log, nil
}

// DeskForks returns a sentence without full stop for each number that two decisions of one trustee have
// (docs/spec/desk.md). Both decisions count.
func (v *Trustee) DeskForks() ([]string, error) {
	log, err := v.Desk()
	if err != nil {
		return nil, err
	}
	var list []string
	forks := log.Forks()
	for _, by := range slices.Sorted(maps.Keys(forks)) {
		for _, n := range forks[by] {
			list = append(list, fmt.Sprintf("two decisions of %s have the number %d: a vault of that trustee was used on two machines, or restored from an old copy", by, n))
		}
	}
	return list, nil
}

// Decide makes an event of each act and stores all of them, or none. It records their hashes in the custody log,
// writes the files, and then adds them to the desk. An act that the desk does not allow has the status Usage.
func (v *Trustee) Decide(acts ...Decision) ([]deskstate.Event, error) {
	log, err := v.Desk()
	if err != nil {
		return nil, err
	}
	events := make([]deskstate.Event, 0, len(acts))
	for _, a := range acts {
		e, err := v.event(log, a)
		if err == nil {
			_, err = log.Add(e)
		}
		if err != nil {
			v.desk = nil // it holds what is not kept
			return nil, exit.New(exit.Usage, "", "%s: %w", a.Case, err)
		}
		events = append(events, e)
	}
	if err := v.keepDecided(events); err != nil {
		v.desk = nil
		return nil, err
	}
	return events, nil
}

func (v *Trustee) event(log *deskstate.Log, a Decision) (deskstate.Event, error) {
	by, at := v.Key().Card.Name, v.Now()
	if a.Kind == deskstate.KindUndo {
		return log.Undo(by, at, a.Undoes, a.Why)
	}
	payload := make(map[string]string, len(a.Payload)+1)
	for name, value := range a.Payload {
		payload[name] = value
	}
	if a.Why != "" {
		payload["why"] = a.Why
	}
	return log.Act(by, at, a.Case, a.Kind, payload, a.Replaces...)
}

// graded are the fields of a trustee's assessment of a case.
var graded = []string{"reliability", "content", "corroboration", "nexus"}

func (v *Trustee) keepDecided(events []deskstate.Event) error {
	for _, e := range events {
		record := custody.Record{By: v.By(), Act: custody.Noted, Case: e.Case, Subject: "desk: " + string(e.Kind), Out: e.ID()}
		if field := e.Payload["field"]; field != "" {
			record.Subject += " " + field
			if slices.Contains(graded, field) {
				record.Act = custody.Graded
			}
		}
		if _, err := v.Custody.Record(record); err != nil {
			return err
		}
	}
	return v.writeEvents(events)
}

// TakeEvents stores events of other trustees that the desk does not have yet, and returns how many those were. The
// caller has verified the signature of each. It stores none where one is refused.
func (v *Trustee) TakeEvents(events []deskstate.Event) (int, error) {
	log, err := v.Desk()
	if err != nil {
		return 0, err
	}
	var fresh []deskstate.Event
	for _, e := range events {
		if err := e.Check(); err != nil {
			return 0, exit.New(exit.Mismatch, "", "%w", err)
		}
		if _, have := log.Event(e.ID()); !have {
			fresh = append(fresh, e)
		}
	}
	if len(fresh) == 0 {
		return 0, nil
	}
	if err := v.writeEvents(fresh); err != nil {
		return 0, err
	}
	for _, e := range fresh {
		if _, err := log.Add(e); err != nil {
			v.desk = nil
			return 0, err
		}
	}
	return len(fresh), nil
}

// writeEvents stores events under the next number.
func (v *Trustee) writeEvents(events []deskstate.Event) error {
	names, err := v.Names(deskDir)
	if err != nil {
		return err
	}
	last := uint64(0)
	for _, name := range names {
		if n, err := strconv.ParseUint(name, 10, 64); err == nil {
			last = max(last, n)
		}
	}
	text := []byte(deskHeader + v.Ledger().String() + "\n")
	for _, e := range events {
		text = append(append(text, e.Marshal()...), '\n')
	}
	defer clear(text)
	signature, err := v.Key().Signer.Sign(namespaceDesk, text)
	if err != nil {
		return err
	}
	return v.WriteSealed(filepath.Join(deskDir, vault.NumberName(last+1)), append(signature, text...))
}

// replaceEvents writes all events into one file and then removes the files that held them. After a crash between the
// two, some events are there twice, and count once.
func (v *Trustee) replaceEvents(events []deskstate.Event, old []string) error {
	if len(events) > 0 {
		if err := v.writeEvents(events); err != nil {
			return err
		}
	}
	for _, name := range old {
		if err := atomicfile.Erase(filepath.Join(v.Dir(), deskDir, name)); err != nil {
			return err
		}
	}
	return nil
}

func (v *Trustee) readEvents(name string) ([]deskstate.Event, error) {
	text, err := v.ReadSealed(name)
	if err != nil {
		return nil, err
	}
	defer clear(text)
	wrong := func(err error) error {
		return exit.New(exit.Mismatch, "take a copy of the vault from before", "the vault's %s: %w", filepath.ToSlash(name), err)
	}
	end := bytes.Index(text, []byte(signatureEnd))
	if end < 0 {
		return nil, wrong(fmt.Errorf("it is not signed"))
	}
	end += len(signatureEnd)
	if err := card.Verify(namespaceDesk, text[end:], text[:end:end], v.Key().Card.SSH); err != nil {
		return nil, wrong(err)
	}
	head, rest, _ := bytes.Cut(text[end:], []byte("\n"))
	if string(head) != deskHeader+v.Ledger().String() {
		return nil, wrong(fmt.Errorf("it is of another ledger, or of a newer zapis"))
	}
	var events []deskstate.Event
	for line := range bytes.Lines(rest) {
		e, err := deskstate.Parse(bytes.TrimSuffix(line, []byte("\n")))
		if err != nil {
			return nil, wrong(err)
		}
		events = append(events, e)
	}
	return events, nil
}

// forgetEvents drops the events of erased cases. The owner's last event stays in any case, so that no number is used
// twice.
func (v *Trustee) forgetEvents(erased func(id string) bool) error {
	log, err := v.Desk()
	if err != nil {
		return err
	}
	names, err := v.Names(deskDir)
	if err != nil {
		return err
	}
	all := log.Events()
	own := v.Key().Card.Name
	left := slices.DeleteFunc(slices.Clone(all), func(e deskstate.Event) bool {
		return erased(e.Case) && (e.By != own || e.Number != log.Last(own))
	})
	if len(left) == len(all) {
		return nil
	}
	record := custody.Record{By: v.By(), Act: custody.Destroyed, Subject: fmt.Sprintf("%d events of the desk about cases that were erased", len(all)-len(left))}
	if _, err := v.Custody.Record(record); err != nil {
		return err
	}
	v.desk = nil
	return v.replaceEvents(left, names)
}
