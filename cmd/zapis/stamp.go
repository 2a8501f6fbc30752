package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"io"
	"os"

	"zapis/crypto/timestamp"
	"zapis/internal/atomicfile"
	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/evidence/bundle"
	"zapis/internal/exit"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/release"
)

// stampCmd has a time-stamping authority say by when a bundle was signed. This laptop stays offline: the
// request goes out as a file, and the response comes back as one.
type stampCmd struct {
	vaultFlag
	Bundle   string `arg:"" name:"BUNDLE" help:"The bundle, as zapis bundle wrote it."`
	Request  string `placeholder:"FILE.tsq" help:"Write the request for the authority."`
	Response string `placeholder:"FILE.tsr" help:"Put the authority's response, or the token alone, into the bundle."`
	Asked    string `placeholder:"FILE.tsq" help:"With --response: the request that it answers. Its nonce must be the same."`
	Out      string `placeholder:"FILE.zip" help:"With --response: the bundle with the time stamp."`
}

func (c *stampCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	if (c.Request == "") == (c.Response == "") || (c.Response == "") != (c.Out == "") || (c.Response == "") != (c.Asked == "") {
		return exit.New(exit.Usage, "", "give --request FILE.tsq, or --response FILE.tsr with --asked FILE.tsq and --out FILE.zip")
	}
	f, err := cli.OpenOf(c.Bundle, cli.KindBundle)
	if err != nil {
		return err
	}
	defer f.Close()
	b, err := readStampable(f)
	if err != nil {
		return err
	}
	if c.Request != "" {
		if err := cli.CheckFree(c.Request); err != nil {
			return err
		}
		return c.with(ctx, s, g, func(v *casework.Trustee) error { return c.ask(s, v, b) })
	}
	got, err := c.answer(b)
	if err != nil {
		return err
	}
	return c.with(ctx, s, g, func(v *casework.Trustee) error { return c.attach(s, v, b, got) })
}

// stampAnswer is an authority's response that answers the request.
type stampAnswer struct {
	response []byte
	claim    timestamp.Claim
}

// answer reads the response, and whether it answers the request.
func (c *stampCmd) answer(b *stampable) (a stampAnswer, err error) {
	if err := cli.CheckFree(c.Out); err != nil {
		return a, err
	}
	response, err := atomicfile.ReadSmall(c.Response, timestamp.MaxResponse)
	if err != nil {
		return a, err
	}
	if a.response, err = timestamp.AsResponse(response); err != nil {
		return a, unstamped(c.Response, "ask the authority again", err)
	}
	asked, err := atomicfile.ReadSmall(c.Asked, timestamp.MaxResponse)
	if err != nil {
		return a, err
	}
	q, err := timestamp.ParseRequest(asked)
	if err != nil {
		return a, unstamped(c.Asked, "--asked takes the file that zapis stamp --request wrote", err)
	}
	if a.claim, err = timestamp.Answers(a.response, q, b.signature); err != nil {
		return a, unstamped(c.Response, "ask the authority again", err)
	}
	return a, nil
}

// stampable is a bundle that verifies.
type stampable struct {
	file      *os.File
	size      int64
	signature []byte
	id        string   // of its case
	sum       [32]byte // of the file
}

func readStampable(f *os.File) (*stampable, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	b := &stampable{file: f, size: info.Size()}
	if b.signature, err = bundle.SignatureOf(f, b.size); err != nil {
		return nil, err
	}
	if b.id, err = bundle.CaseOf(f, b.size); err != nil {
		return nil, err
	}
	b.sum, err = sumOf(func(w io.Writer) error {
		_, err := io.Copy(w, io.NewSectionReader(f, 0, b.size))
		return err
	})
	return b, err
}

// sumOf is the SHA-256 of what is written.
func sumOf(write func(io.Writer) error) ([32]byte, error) {
	h := sha256.New()
	err := write(h)
	return [32]byte(h.Sum(nil)), err
}

// ask writes a request, once it stands in the custody log.
func (c *stampCmd) ask(s *cli.Streams, v *casework.Trustee, b *stampable) error {
	q, err := timestamp.NewRequest(rand.Reader, b.signature, nil)
	if err != nil {
		return err
	}
	what := release.Stamping{Case: b.id, What: "request for a time stamp of a bundle", From: b.sum, Made: sha256.Sum256(q.DER)}
	if err := release.Stamp(v, what, func() error { return cli.CreateFile(c.Request, q.DER, 0o644) }); err != nil {
		return err
	}
	escape.Fprintln(s.Out, c.Request)
	escape.Fprintln(s.Err, "It holds a hash and a number, nothing of the case. Send it with content type application/timestamp-query, and keep it.")
	return nil
}

// attach writes the bundle with the authority's response in it. What is recorded has the hash of just these bytes.
func (c *stampCmd) attach(s *cli.Streams, v *casework.Trustee, b *stampable, got stampAnswer) error {
	put := func(w io.Writer) error { return bundle.Stamp(w, b.file, b.size, got.response) }
	made, err := sumOf(put)
	if err != nil {
		return err
	}
	what := release.Stamping{Case: b.id, What: "bundle with a time stamp", From: b.sum, Made: made}
	if err := release.Stamp(v, what, func() error { return writeFile(c.Out, put) }); err != nil {
		return err
	}
	escape.Fprintln(s.Out, c.Out)
	escape.Fprintf(s.Err, "signed by %s, as %q says; zapis-verify --trust FOLDER with its root certificate verifies that\n",
		got.claim.Time.Format("2006-01-02T15:04:05Z"), got.claim.By)
	return nil
}

// unstamped says what to do about a request or a response that is refused. One in the other's place is a slip.
func unstamped(name, hint string, err error) error {
	status := exit.Mismatch
	switch {
	case errors.Is(err, timestamp.ErrRequest):
		status, hint = exit.Failed, "send it to the authority; what comes back is for --response, and this file for --asked"
	case errors.Is(err, timestamp.ErrResponse):
		status = exit.Failed
	}
	return exit.New(status, hint, "%s: %w", name, err)
}
