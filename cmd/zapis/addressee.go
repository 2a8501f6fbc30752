package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"

	"zapis/internal/cli"
	"zapis/internal/exit"
)

// addressee is the recipient of a bundle; the zero addressee is none in particular.
type addressee struct {
	recipients  []age.Recipient
	classic     bool   // X25519 alone
	description string // as the custody log has it
}

func (a addressee) sealed() bool { return len(a.recipients) > 0 }

// readAddressee reads recipients, as age has them, or a passphrase. A lawyer's key may be of the classic kind:
// refusing it would send the bundle by mail, unsealed. Plugins are never called with what came from outside.
func readAddressee(ctx context.Context, recipients []string, passphraseFile string) (addressee, error) {
	var a addressee
	if passphraseFile != "" {
		if len(recipients) > 0 {
			return a, exit.New(exit.Usage, "age opens a file by one of them", "give --to or --to-passphrase-file, not both")
		}
		pass, err := cli.NewPassphrase(ctx, passphraseFile)
		if err != nil {
			return a, err
		}
		r, err := age.NewScryptRecipient(pass)
		if err != nil {
			return a, err
		}
		r.SetWorkFactor(workFactor)
		return addressee{[]age.Recipient{r}, false, "with a passphrase"}, nil
	}
	hybrid := 0
	var names []string
	for _, text := range recipients {
		var r age.Recipient
		var err error
		if strings.HasPrefix(text, "age1pq1") {
			r, err = age.ParseHybridRecipient(text)
			hybrid++
		} else {
			r, err = age.ParseX25519Recipient(text)
		}
		if err != nil {
			return a, exit.New(exit.Usage, "it begins with age1pq1, or age1 in the older kind", "--to: it is no recipient of age's own")
		}
		a.recipients = append(a.recipients, r)
		names = append(names, fmt.Sprintf("%.16s… (SHA-256 of the recipient %x)", text, sha256.Sum256([]byte(text))))
	}
	if hybrid > 0 && hybrid < len(recipients) {
		return a, exit.New(exit.Usage, "make two bundles", "--to: recipients of the newer and the older kind can't be mixed")
	}
	a.classic = len(recipients) > 0 && hybrid == 0
	if a.sealed() {
		a.description = "to " + strings.Join(names, ", ")
	}
	return a, nil
}

// seal writes the output of write as one age file, or unchanged where there is no recipient.
func (a addressee) seal(w io.Writer, write func(io.Writer) error) error {
	if !a.sealed() {
		return write(w)
	}
	sealed, err := age.Encrypt(w, a.recipients...)
	if err != nil {
		return err
	}
	if err := write(sealed); err != nil {
		return err
	}
	return sealed.Close()
}
