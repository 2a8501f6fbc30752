package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"net/http"
	"time"

	"zapis/crypto/witness"
	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/exit"
	"zapis/internal/sandbox"
	"zapis/internal/server/publish"
)

// The other side: a witness of partners' ledgers.

func openWatch(dir string) (*publish.Watch, error) { return publish.OpenWatch(dir, time.Now) }

// witnessPolicy returns the text for D/witnesses of a ledger's operator, for one witness.
func witnessPolicy(key *witness.SigningKey, url string) []byte {
	var text []byte
	names := [2]string{key.Name() + "/ed25519", key.Name() + "/ml-dsa-44"}
	for i, v := range key.Verifiers() {
		text = append(text, "witness "+names[i]+" "+v.String()...)
		if url != "" {
			text = append(text, " "+url...)
		}
		text = append(text, '\n')
	}
	return fmt.Appendf(text, "group %s all %s %s\nquorum %s\n", key.Name(), names[0], names[1], key.Name())
}

type witnessInit struct {
	Dir  string `required:"" placeholder:"W" help:"The witness's folder; made where it is missing. Not a ledger's."`
	Name string `required:"" placeholder:"NAME" help:"The witness's name: a host and a path, as example.org/witness."`
	URL  string `placeholder:"URL" help:"Where it can be asked."`
}

func (v *witnessInit) Run(_ context.Context, s *cli.Streams) error {
	key, err := witness.GenerateSigningKey(v.Name, rand.Reader)
	if err != nil {
		return exit.New(exit.Usage, "", "--name: %w", err)
	}
	if err := publish.CreateWatch(v.Dir, key); err != nil {
		return err
	}
	_, err = s.Out.Write(witnessPolicy(key, v.URL))
	return err
}

type witnessAdd struct {
	Dir     string `required:"" placeholder:"W" help:"The witness's folder."`
	Replace bool   `help:"The ledger's keys were changed, and you have asked its operator."`
	File    string `arg:"" help:"The ledger's keys, as its operator printed them with zapisd witness keys."`
}

func (v *witnessAdd) Run(_ context.Context, s *cli.Streams) error {
	text, err := readSmall(v.File, witness.MaxPolicy)
	if err != nil {
		return err
	}
	origin, err := publish.AddLedger(v.Dir, text, v.Replace)
	if errors.Is(err, publish.ErrNotLogKeys) {
		err = fmt.Errorf("%w: it is what its operator prints with zapisd witness keys", err)
	}
	if err != nil {
		return err
	}
	escape.Fprintf(s.Out, "watching %s\n", origin)
	return nil
}

type witnessServe struct {
	Dir    string `required:"" placeholder:"W" help:"The witness's folder."`
	Listen string `default:"127.0.0.1:8081" placeholder:"ADDRESS" help:"HOST:PORT, or unix:PATH for a proxy or tor (${default})."`
}

func (v *witnessServe) Run(ctx context.Context, s *cli.Streams) error {
	at, err := parseAddress("--listen "+v.Listen, v.Listen)
	if err != nil {
		return err
	}
	w, err := openWatch(v.Dir)
	if err != nil {
		return err
	}
	defer w.Close()
	l, err := at.listen()
	if err != nil {
		return exit.New(exit.Failed, "", "--listen: %w", err)
	}
	sandbox.HideMemory()
	if err := confine(v.Dir, nil, at); err != nil {
		return fmt.Errorf("the process can't be confined to its folder: %w", err)
	}
	srv := &http.Server{
		Handler: w.Handler(func(err error) {
			escape.Fprintf(s.Err, "zapisd: %s\n", err)
		}),
		ReadTimeout:    20 * time.Second,
		WriteTimeout:   30 * time.Second,
		IdleTimeout:    60 * time.Second,
		MaxHeaderBytes: 16 << 10,
		ErrorLog:       log.New(nowhere{}, "", 0),
	}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(l) }()
	escape.Fprintln(s.Err, "listening on", shown(l))
	select {
	case <-ctx.Done():
	case err := <-ended:
		return err
	}
	grace, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return srv.Shutdown(grace)
}

type witnessCosign struct {
	Dir  string `required:"" placeholder:"W" help:"The witness's folder."`
	Out  string `required:"" placeholder:"FILE" help:"The answer to write: the checkpoint that this witness has cosigned last."`
	File string `arg:"" help:"The request, as zapisd witness request wrote it."`
}

// Run always answers with what was cosigned last: a ledger that asks from the wrong size starts again from there, and
// one that was restored or forked must stop.
func (v *witnessCosign) Run(_ context.Context, s *cli.Streams) error {
	body, err := readSmall(v.File, witness.MaxRequest)
	if err != nil {
		return err
	}
	q, err := witness.ParseRequest(body)
	if err != nil {
		return exit.New(exit.Mismatch, "", "%s: %w", v.File, err)
	}
	w, err := openWatch(v.Dir)
	if err != nil {
		return err
	}
	defer w.Close()
	_, refused := w.Cosign(q)
	note := w.Latest(q.Origin())
	if note != nil {
		if err := writeFile(v.Out, note); err != nil {
			return err
		}
	}
	if refused != nil {
		return whyNot(q, refused, note != nil)
	}
	escape.Fprintf(s.Out, "cosigned %s: %s\n", q.Origin(), v.Out)
	return nil
}

func whyNot(q witness.Request, err error, answered bool) error {
	origin := escape.Text(q.Origin())
	back := "take the answer back all the same: it says where this witness stands"
	var conflict *witness.Conflict
	switch {
	case errors.As(err, &conflict) && answered:
		return exit.New(exit.Failed, back, "not cosigned: %s: %w", origin, err)
	case errors.As(err, &conflict):
		return exit.New(exit.Failed, "ask for a request with --since 0", "not cosigned: %s: %w", origin, err)
	case errors.Is(err, witness.ErrUnknownLog):
		return exit.New(exit.Failed, "zapisd witness add takes its keys", "not cosigned: %s: %w", origin, err)
	case errors.Is(err, witness.ErrProof):
		return exit.New(exit.Mismatch, "tell the trustees of that ledger; "+back, "not cosigned: %s: %w", origin, err)
	}
	return exit.New(exit.Mismatch, "", "not cosigned: %s: %w", origin, err)
}
