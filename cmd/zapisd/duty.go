package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"time"

	"zapis/crypto/card"
	"zapis/crypto/duty"
	"zapis/crypto/ledger"
	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/exit"
	"zapis/internal/server/signals"
	"zapis/store"
)

// drillVerb tries the path from the form's signal to the ring.
type drillVerb struct {
	Dir string `required:"" placeholder:"D" help:"The ledger's folder."`
}

func (v *drillVerb) Run(ctx context.Context, s *cli.Streams) error {
	to := newScreen(s.Out, s)
	defer to.done()
	if err := perform(ctx, v.Dir, "drill", struct{}{}, to); err != nil {
		return err
	}
	escape.Fprintln(s.Err, "zapis-duty rings with the next batch, says EXERCISE, and how long it took. Where nobody serves the ledger, no batch is made.")
	return nil
}

// drill is the operation.
func drill(ctx context.Context, st *store.Store, to reporter) error {
	var name ledger.Hash
	if _, err := rand.Read(name[:]); err != nil {
		return err
	}
	err := signals.New(st, signals.Config{Now: time.Now}).Drill(ctx, name)
	if errors.Is(err, signals.ErrNoDuty) {
		return exit.New(exit.Failed, "zapisd rotate-duty proposes some", "%w", err)
	}
	if err != nil {
		return err
	}
	escape.Fprintf(to, "exercise %s sent at %s\n", duty.ShortName(name), time.Now().UTC().Format("2006-01-02 15:04:05 UTC"))
	return nil
}

// rotateVerb proposes the next duty keys: a week's, for instance.
type rotateVerb struct {
	Dir  string   `required:"" placeholder:"D" help:"The ledger's folder."`
	Card []string `arg:"" name:"CARD" help:"The card files of the next duty keys: all of them, in place of those in force."`
	Out  string   `required:"" placeholder:"FILE" help:"The proposal, for the trustees to approve: zapis approve."`
}

type rotateArgs struct {
	Cards [][]byte `json:"cards"`
}

func (v *rotateVerb) Run(ctx context.Context, s *cli.Streams) error {
	if err := cli.CheckFree(v.Out); err != nil {
		return err
	}
	cards, err := readCards(v.Card)
	if err != nil {
		return err
	}
	var args rotateArgs
	for _, c := range cards {
		args.Cards = append(args.Cards, c.Marshal())
	}
	var text bytes.Buffer
	if err := perform(ctx, v.Dir, "rotate-duty", args, newScreen(&text, s)); err != nil {
		return err
	}
	if err := writeFile(v.Out, text.Bytes()); err != nil {
		return err
	}
	escape.Fprintln(s.Out, v.Out)
	escape.Fprintln(s.Err, "The trustees approve it: zapis approve. From the slot in which it counts, signals are sealed to these keys; those on duty use both keys for the half-hour after.")
	return nil
}

// rotateDuty is the operation: it writes the proposal, and changes nothing.
func rotateDuty(_ context.Context, st *store.Store, args rotateArgs, to reporter) error {
	_, set := st.SetInForce()
	set.Duty = nil
	for _, text := range args.Cards {
		c, err := card.Parse(text)
		if err != nil {
			return err
		}
		set.Duty = append(set.Duty, c)
	}
	if err := set.Check(); err != nil {
		return exit.New(exit.Usage, "a duty key has a name and keys of its own", "%w", err)
	}
	after, err := st.After()
	if err != nil {
		return err
	}
	_, err = to.Write(ledger.TrusteesChange{Origin: st.Origin(), After: after, Set: set}.Marshal())
	return err
}
