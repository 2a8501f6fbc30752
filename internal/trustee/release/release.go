// Package release is the one way by which anything of a case leaves a vault: as a bundle, a letter, a conversion, a
// hand-over, extracted files, or keys handed on to another trustee. Each passes through gate.pass, which checks the
// reporter's consent, erased parts, whether the case fits its entries and whether its identity is open, writes the
// custody events, and then performs the act. Only this package may write such events (internal/rules).
package release

import (
	"fmt"

	"zapis/internal/evidence/custody"
	"zapis/internal/exit"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/casework"
)

// kind is a way in which a case leaves.
type kind int

const (
	toAddressee kind = iota // a bundle, a letter, a conversion
	handOver                // a file that was made before
	extraction              // to the trustee's own disk
	resealing               // another trustee of the same ledger
	stamping                // a time stamp of a bundle that was made before
)

// policy is what is checked before a release.
type policy struct {
	consent bool // the reporter must allow it
	erased  bool // nothing of it may be erased by a tombstone and still be on this disk
	fits    bool // the opened case must be what its entries committed to
}

// policies by kind. Extraction is the trustee's own reading: each file is compared with its own disclosure line
// instead of the whole case. What is handed over or stamped was made and checked before, and is not opened again.
var policies = map[kind]policy{
	toAddressee: {consent: true, erased: true, fits: true},
	handOver:    {consent: true, erased: true},
	extraction:  {},
	resealing:   {erased: true, fits: true},
	stamping:    {},
}

// request is a release to be checked and performed.
type request struct {
	kind     kind
	cases    []*casework.Case // whose consent and erased parts are looked at
	to       casefile.Addressee
	leave    casefile.Leave
	identity bool // the identity is included

	// read opens the cases; nil where nothing is opened. It is called after consent and erased parts were checked.
	read func() ([]*casefile.Case, error)
	// prepare determines what leaves, and returns the events to record. It may open exhibits, which it records itself.
	prepare func(cases []*casefile.Case) ([]custody.Record, error)
	// act performs the release. It is called once every event is on the disk.
	act func() error
}

// gate controls the releases of one vault.
type gate struct{ *casework.Trustee }

// pass performs a request, or refuses it: where it returns an error before act was called, nothing has left, and no
// event says so.
func (g gate) pass(r request) error {
	if err := g.NeedKey(); err != nil {
		return err
	}
	p := policies[r.kind]
	for _, c := range r.cases {
		if p.consent {
			if err := c.Summary().Allowed().Check(r.to, r.leave); err != nil {
				return err
			}
		}
		if p.erased {
			if err := g.MayLeave(c); err != nil {
				return err
			}
		}
	}
	var opened []*casefile.Case
	if r.read != nil {
		var err error
		if opened, err = r.read(); err != nil {
			return err
		}
	}
	for _, o := range opened {
		if p.fits && !o.Fits {
			return &UnfitError{Case: o.ID, Faults: o.Faults}
		}
		if r.identity {
			if err := o.CheckIdentity(r.to); err != nil {
				return err
			}
		}
	}
	records, err := r.prepare(opened)
	if err != nil {
		return err
	}
	for _, d := range records {
		d.By = g.By()
		if _, err := g.Custody.RecordRelease(d); err != nil {
			return err
		}
	}
	return r.act()
}

// UnfitError refuses a case that is not what its entries commit to. Its status is exit.Mismatch.
type UnfitError struct {
	Case   string
	Faults []error
}

func (e *UnfitError) Error() string {
	return fmt.Sprintf("the case does not fit its entries, and nothing of %s leaves the vault", e.Case)
}

// Unwrap returns the status and the hint.
func (e *UnfitError) Unwrap() error {
	return exit.New(exit.Mismatch, "do not rely on it, and say so to the other trustees", "the case does not fit its entries")
}

// show returns a function that opens one case, for a request of one.
func (g gate) show(c *casework.Case, into **casefile.Case) func() ([]*casefile.Case, error) {
	return func() ([]*casefile.Case, error) {
		o, err := g.Show(c)
		if err != nil {
			return nil, err
		}
		*into = o
		return []*casefile.Case{o}, nil
	}
}
