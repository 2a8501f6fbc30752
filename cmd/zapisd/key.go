package main

import (
	"bytes"
	"context"
	"crypto/rand"

	"zapis/crypto/ledger"
	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/store"
)

// keyVerb holds the verbs about the keys that sign the ledger.
type keyVerb struct {
	New keyNewVerb `cmd:"" help:"Make the ledger's next signing keys, for trustees to propose and approve."`
}

// keyNewVerb writes new keys beside those in force. They take effect once a key entry names them.
type keyNewVerb struct {
	Dir string `required:"" placeholder:"D" help:"The ledger's folder."`
	Out string `required:"" placeholder:"FILE" help:"The public halves, for zapis propose key."`
}

func (v *keyNewVerb) Run(ctx context.Context, s *cli.Streams) error {
	if err := cli.CheckFree(v.Out); err != nil {
		return err
	}
	var keys bytes.Buffer
	if err := perform(ctx, v.Dir, "key-new", struct{}{}, newScreen(&keys, s)); err != nil {
		return err
	}
	if err := writeFile(v.Out, keys.Bytes()); err != nil {
		return err
	}
	escape.Fprintln(s.Out, v.Out)
	escape.Fprintln(s.Err, "The new keys wait in the ledger's folder. They sign once the trustees have approved them: zapis propose key.")
	return nil
}

// newKeys is the operation. It overwrites earlier new keys that were never approved.
func newKeys(_ context.Context, st *store.Store, to reporter) error {
	k, err := ledger.GenerateSigningKey(st.Origin(), rand.Reader)
	if err != nil {
		return err
	}
	if err := st.SetNextKey(k); err != nil {
		return err
	}
	_, err = to.Write(ledger.NewKeys{Origin: st.Origin(), Log: k.Keys()}.Marshal())
	return err
}
