package main

import (
	"context"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/evidence/bundle"
	"zapis/internal/evidence/bundle/pdf"
	"zapis/internal/exit"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/release"
)

// bundleCmd makes the package that a lawyer receives.
type bundleCmd struct {
	caseFlags
	Out          string   `required:"" placeholder:"FILE.zip" help:"The bundle to write; it is never overwritten. A sealed one is FILE.zip.age."`
	Withhold     []string `placeholder:"FIELD" help:"Leave out a field, or an exhibit like A03; FIELD=REASON says why. Repeat it for more."`
	Include      []string `enum:"identity,location" placeholder:"identity|location" help:"identity: put the contact, the name, and the files that show who the reporter is into the bundle. location: also the pictures and films that hold the place where they were made."`
	Derived      []string `placeholder:"FILE=EXHIBIT" help:"Add a working copy of an exhibit, or of the report: FILE=A03, or FILE=A03=what was done. The original stays as it is, shown or withheld."`
	Keys         []string `name:"disclose-key" placeholder:"EXHIBIT|statement" help:"Add the sealed bytes of this part with the key that opens them, and nothing else, so that anybody can decrypt what the ledger has."`
	Originals    bool     `name:"only-originals" help:"Leave translations out."`
	Forum        string   `enum:"plain,us" default:"plain" placeholder:"plain|us" help:"Before whom: us words the declarations after the US Federal Rules of Evidence."`
	Time         string   `placeholder:"TIME" help:"When the bundle is made, as 2026-11-23T20:47:45Z. The same choices at the same time give the same bytes again."`
	To           []string `placeholder:"RECIPIENT" help:"Seal it to the age recipient of the person who gets it. May be repeated."`
	ToPass       string   `name:"to-passphrase-file" placeholder:"FILE" help:"Seal it with a passphrase: the file's first line."`
	For          string   `enum:"lawyer,police,court,un,ccf,other" default:"lawyer" placeholder:"WHOM" help:"Who is to read it, and so which consent it needs: one of ${enum} (${default})."`
	Communicable []string `placeholder:"A01" help:"With --for un and --for ccf: an exhibit that may reach the state, to which they pass things on. Every other one has to be withheld. Repeat it for more."`
	leaveFlags
}

func (b *bundleCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	o, err := b.options()
	if err != nil {
		return err
	}
	to, err := readAddressee(ctx, b.To, b.ToPass)
	if err != nil {
		return err
	}
	if err := o.Check(); err != nil {
		return err
	}
	o.To = to.description
	if to.sealed() != strings.HasSuffix(b.Out, ".age") {
		return exit.New(exit.Usage, "a bundle is FILE.zip; one that is sealed to somebody is FILE.zip.age", "%s is not what would be written", b.Out)
	}
	if err := cli.CheckFree(b.Out); err != nil {
		return err
	}
	return b.withCase(ctx, s, g, func(v *casework.Trustee, c *casework.Case) error {
		return unfit(s, release.Bundle(v, c, o, func(in bundle.Input) error {
			for _, u := range in.Unsearched {
				escape.Fprintf(s.Err, "%s could not be searched for places: %s. Look at it before you hand the bundle over.\n", u.Item, u.Why())
			}
			if err := writeFile(b.Out, func(w io.Writer) error { return to.seal(w, func(w io.Writer) error { return bundle.Write(w, in) }) }); err != nil {
				return err
			}
			escape.Fprintln(s.Out, b.Out)
			b.say(s, o, in, to)
			for _, text := range bundle.AnchorWarnings(in) {
				warn(s, "%s", text)
			}
			return nil
		}))
	})
}

var (
	workingCopy = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(.+?)=(A[0-9]{2,5}|report)(?:=(.+))?$`) })
	timeForm    = "2006-01-02T15:04:05Z"
)

func (b *bundleCmd) options() (release.BundleOptions, error) {
	o := release.BundleOptions{Leave: b.leave(), OnlyOriginals: b.Originals, Keys: b.Keys, Communicable: b.Communicable,
		IncludeIdentity: slices.Contains(b.Include, "identity"), IncludeLocation: slices.Contains(b.Include, "location")}
	var ok bool
	if o.For, ok = casefile.AddresseeByCode(b.For); !ok {
		return o, exit.New(exit.Usage, "", "there is no addressee %q", b.For)
	}
	if b.Forum == "us" {
		o.Forum = pdf.ForumUS
	}
	for _, item := range b.Withhold {
		field, reason, _ := strings.Cut(item, "=")
		o.Withhold = append(o.Withhold, bundle.Choice{Item: field, Reason: bundle.Reason(reason)})
	}
	for _, item := range b.Derived {
		m := workingCopy().FindStringSubmatch(item)
		if m == nil {
			return o, exit.New(exit.Usage, "like blurred.jpg=A03, or blurred.jpg=A03=faces blurred", "--derived %s: it names a file and what it was made from", item)
		}
		if m[3] == "" {
			m[3] = "redacted working copy"
		}
		o.Derived = append(o.Derived, release.WorkingCopy{File: m[1], Of: m[2], Note: m[3]})
	}
	if b.Time != "" {
		var err error
		if o.Time, err = time.Parse(timeForm, b.Time); err != nil || o.Time.Format(timeForm) != b.Time {
			return o, exit.New(exit.Usage, "in UTC, like 2026-11-23T20:47:45Z", "--time %s is no time", b.Time)
		}
	}
	return o, nil
}

// say tells what the bundle holds and what it does not.
func (b *bundleCmd) say(s *cli.Streams, o release.BundleOptions, in bundle.Input, to addressee) {
	escape.Fprintf(s.Err, "%s, signed by %s\n", casework.Many(len(in.Submissions), "submission", "submissions"), in.Signer.Name())
	if n := len(in.Derived) - len(o.Derived); n > 0 {
		escape.Fprintf(s.Err, "%s as working copies\n", casework.Many(n, "translation goes along", "translations go along"))
	}
	if n := len(o.Derived); n > 0 {
		escape.Fprintf(s.Err, "%s\n", casework.Many(n, "working copy goes along", "working copies go along"))
	}
	for _, c := range in.Withhold[len(o.Withhold):] {
		escape.Fprintf(s.Err, "%s is withheld: it holds the place where it was made. --include location shows it.\n", c.Item)
	}
	if !o.IncludeIdentity {
		escape.Fprintln(s.Err, "The identity is withheld.")
	}
	for _, name := range o.Keys {
		escape.Fprintf(s.Err, "The key of %s is in it: anyone who has the bundle can decrypt that part of the ledger, for ever.\n", name)
	}
	if to.sealed() {
		escape.Fprintf(s.Err, "Sealed %s.\n", to.description)
	}
	if to.classic {
		escape.Fprintln(s.Err, "WARNING: that recipient is of the older kind: what is copied on its way today can be opened by a quantum computer one day. age-keygen -pq makes one of the newer kind.")
	}
	escape.Fprintln(s.Err, "A bundle that was handed over can't be called back.")
}
