package main

import (
	"context"
	"time"

	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/vault"
)

// vaultFlag is what every verb on a vault takes.
type vaultFlag struct {
	Vault string `required:"" placeholder:"DIR" help:"Your vault: the folder that import made."`
}

// open opens the vault, with a key where one is given. The caller closes it.
func (f vaultFlag) open(ctx context.Context, s *cli.Streams, key *vault.Key, create bool) (*casework.Trustee, error) {
	v, err := casework.Open(f.Vault, vault.Options{
		Create: create, Context: ctx, Now: time.Now, Tool: "zapis " + cli.Version(),
		Warn: func(format string, args ...any) { warn(s, format, args...) },
		Waiting: func(holder string) {
			escape.Fprintf(s.Err, "The vault is in use by %s: waiting for it.\n", holder)
		},
	})
	if err != nil {
		return nil, err
	}
	if key != nil && !create {
		if err := v.Use(*key); err != nil {
			v.Close()
			return nil, err
		}
	}
	return v, nil
}

// with opens the vault with the identity that the verb needs, and closes it after. A folder that is no vault is refused
// before the passphrase is asked for.
func (f vaultFlag) with(ctx context.Context, s *cli.Streams, g *grammar, do func(*casework.Trustee) error) error {
	return f.withKey(ctx, s, g, true, do)
}

// withKey is with, for verbs that can do without a key.
func (f vaultFlag) withKey(ctx context.Context, s *cli.Streams, g *grammar, needed bool, do func(*casework.Trustee) error) error {
	if err := vault.CheckFolder(f.Vault, false); err != nil {
		return err
	}
	key, release, err := f.unlocked(ctx, g, needed)
	if err != nil {
		return err
	}
	defer release()
	v, err := f.open(ctx, s, key, false)
	if err != nil {
		return err
	}
	defer v.Close()
	return do(v)
}

// withCases is with, for what needs the vault's cases.
func (f vaultFlag) withCases(ctx context.Context, s *cli.Streams, g *grammar, do func(*casework.Trustee, *casework.Cases) error) error {
	return f.with(ctx, s, g, func(v *casework.Trustee) error {
		cases, err := sorted(ctx, s, v)
		if err != nil {
			return err
		}
		return do(v, cases)
	})
}

// caseFlags are what every verb on one case takes.
type caseFlags struct {
	vaultFlag
	Misdealt bool `help:"Open a part even where the intake published a wrong hash for the share of a trustee who has not granted. It is told loudly, and stands in the custody log."`

	Case string `arg:"" name:"CASE" help:"The case's id, or as much of it as no other has; or the number of an entry of it, as list shows it."`
}

// withCase is with, for what needs the case.
func (f caseFlags) withCase(ctx context.Context, s *cli.Streams, g *grammar, do func(*casework.Trustee, *casework.Case) error) error {
	return f.with(ctx, s, g, func(v *casework.Trustee) error {
		if f.Misdealt {
			v.OpenMisdealt()
		}
		c, err := caseOf(ctx, s, v, f.Case)
		if err != nil {
			return err
		}
		return do(v, c)
	})
}

func keyOf(id *cli.Identity) vault.Key {
	return vault.Key{Card: id.Card, Age: id.Opener(), Signer: id.Signer}
}

// maxSealed is how many closed statements are named, where a quorum closes them.
const maxSealed = 20

// sorted sorts the vault's submissions into cases, and says what stands in the way of some.
func sorted(ctx context.Context, s *cli.Streams, v *casework.Trustee) (*casework.Cases, error) {
	return told(s, v, func(progress func(done, of int)) (*casework.Cases, error) { return v.Sort(ctx, progress) })
}

// told shows the progress of sorting, and says what stands in the way of some cases.
func told(s *cli.Streams, v *casework.Trustee, sort func(progress func(done, of int)) (*casework.Cases, error)) (*casework.Cases, error) {
	var bar *cli.Progress
	cases, err := sort(func(done, of int) {
		if bar == nil {
			bar = s.Progress("opening statements", int64(of))
		}
		bar.At(int64(done))
	})
	if bar != nil {
		bar.Done()
	}
	if err != nil {
		return nil, err
	}
	for _, p := range cases.Problems {
		warn(s, "%v", p)
	}
	for _, p := range cases.Apart {
		escape.Fprintf(s.Err, "%v: %s\n", p, cli.Hint(p))
	}
	if cases.Closed > 0 {
		escape.Fprintf(s.Err, "%s sealed to others than you\n", casework.Many(cases.Closed, "statement is", "statements are"))
	}
	for i, one := range cases.Sealed {
		if i == maxSealed {
			escape.Fprintf(s.Err, "… and %d more\n", len(cases.Sealed)-i)
			break
		}
		escape.Fprintf(s.Err, "%s (%s) is closed: %s\n", one.ID(), one.Where(), one.Closed)
	}
	if cases.Erased > 0 {
		escape.Fprintf(s.Err, "%s erased, as tombstones say\n", casework.Many(cases.Erased, "statement was", "statements were"))
	}
	left, err := v.Erasable(nil)
	if err != nil {
		return nil, err
	}
	if left > 0 {
		escape.Fprintf(s.Err, "%s by tombstones, and still on this disk: zapis purge takes that off\n", casework.Many(left, "part was erased", "parts were erased"))
	}
	return cases, nil
}

// caseOf finds the one that was asked for.
func caseOf(ctx context.Context, s *cli.Streams, v *casework.Trustee, id string) (*casework.Case, error) {
	cases, err := told(s, v, func(progress func(done, of int)) (*casework.Cases, error) { return v.SortFor(ctx, id, progress) })
	if err != nil {
		return nil, err
	}
	return cases.Find(id)
}

// openedCase opens a case, and says loudly what does not fit.
func openedCase(s *cli.Streams, v *casework.Trustee, c *casework.Case) (*casefile.Case, error) {
	o, err := v.Show(c)
	if err != nil {
		return nil, err
	}
	for _, f := range o.Faults {
		warn(s, "%v", f)
	}
	return o, nil
}

func warn(s *cli.Streams, format string, args ...any) {
	escape.Fprintf(s.Err, "WARNING: "+format+"\n", args...)
}
