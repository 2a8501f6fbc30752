package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	format "zapis/crypto/duty"
	"zapis/crypto/ledger"
	"zapis/internal/cli"
	"zapis/internal/duty"
	"zapis/internal/escape"
	"zapis/internal/exit"
	"zapis/internal/sandbox"
)

// keyFlags are what every verb with a key takes.
type keyFlags struct {
	cli.KeyFlags
	Ledger string `required:"" placeholder:"CARD" help:"The ledger's card, or a file that holds it: from somewhere else than the server."`
	State  string `placeholder:"FILE" help:"Where what was seen is kept, sealed; the identity file's name with .duty without it."`
	From   string `required:"" placeholder:"URL" help:"The server's address, an onion if there is one."`
	Proxy  string `placeholder:"socks5h://HOST:PORT" help:"The proxy to go through: tor's is socks5h://127.0.0.1:9050."`

	KeyChange string `placeholder:"FILE" help:"The change of the log's keys that the trustees approved, from a trustee: for a change that the old keys did not sign."`
}

// open reads the key and what was seen. It takes from this process what it needs not: starts is whether it is to start a program,
// which would inherit what was taken, so that only its memory is hidden then.
func (k keyFlags) open(ctx context.Context, starts bool) (*duty.Watch, error) {
	sandbox.HideMemory()
	named, err := cli.LedgerCardFlag(k.Ledger)
	if err != nil {
		return nil, err
	}
	id, err := k.Load(ctx)
	if err != nil {
		return nil, err
	}
	if id.Age == nil {
		return nil, exit.New(exit.KeyMissing, "zapis keygen makes one for duty", "a duty key is a file: hardware would have to be touched for each part")
	}
	var change []byte
	if k.KeyChange != "" {
		if change, err = cli.ReadOf(k.KeyChange, cli.KindProposal, ledger.MaxSmall); err != nil {
			return nil, err
		}
		if _, err := ledger.ParseKeyChange(change); err != nil {
			return nil, exit.New(exit.Mismatch, "a trustee has the file that zapis approve was given", "--key-change %s: %w", k.KeyChange, err)
		}
	}
	if !starts {
		sandbox.Online(filepath.Dir(k.state()))
	}
	return duty.New(duty.Options{From: k.From, Proxy: k.Proxy, Ledger: *named, Key: id.Age, Recipient: id.Age.Recipient(), Signer: id.Signer,
		State: k.state(), KeyChange: change, Now: time.Now})
}

func (k keyFlags) state() string {
	if k.State != "" {
		return k.State
	}
	return k.Identity + ".duty"
}

type watchVerb struct {
	keyFlags
	Once  bool          `help:"Look once, and end: status 0 if all is well, 1 if the server could not be reached, 3 if something does not verify."`
	Every time.Duration `default:"1m" placeholder:"1m" help:"How often to look (${default})."`
	Exec  string        `placeholder:"PROGRAM" help:"Start this when it rings, with nothing in its environment but ZAPIS_NEW, ZAPIS_DANGER and ZAPIS_WAITING."`
	Quiet bool          `help:"Ring no bell and show no desktop notification."`
}

func (v *watchVerb) Run(ctx context.Context, s *cli.Streams) error {
	if v.Every < time.Second {
		return exit.New(exit.Usage, "", "--every %s: it is at least 1s", v.Every)
	}
	if v.Exec != "" && !filepath.IsAbs(v.Exec) {
		return exit.New(exit.Usage, "its environment has no PATH", "--exec %s: name the program with its whole path", v.Exec)
	}
	w, err := v.open(ctx, v.Exec != "")
	if err != nil {
		return err
	}
	told := map[string]bool{}
	if v.Once {
		t, err := w.Look(ctx)
		if err != nil {
			return err
		}
		v.show(s, t, told)
		return verdict(t)
	}
	watch(ctx, v.Every, time.After, w.Look, func(t duty.Tick) { v.show(s, t, told) })
	return nil
}

// watch looks until ctx ends, waits after each look, and shows what it brought.
func watch(ctx context.Context, every time.Duration, after func(time.Duration) <-chan time.Time,
	look func(context.Context) (duty.Tick, error), show func(duty.Tick)) {
	for {
		t, err := look(ctx)
		if err != nil {
			return // ctx has ended
		}
		show(t)
		select {
		case <-ctx.Done():
			return
		case <-after(every):
		}
	}
}

// verdict is the status of one look.
func verdict(t duty.Tick) error {
	status := exit.Done
	for _, n := range t.Trouble {
		switch n.Code {
		case duty.Unreachable, duty.Stopped, duty.Clock, duty.NotTaken, duty.NotKept:
			if status == exit.Done {
				status = exit.Failed
			}
		case duty.OtherKeys, duty.Expired, duty.LogKeys:
			status = exit.KeyMissing
		default:
			status = exit.Mismatch
		}
	}
	if status == exit.Done {
		return nil
	}
	return exit.New(status, "tell the trustees and the operator what was said above", "not all is well: %d faults, as said above", len(t.Trouble))
}

// show prints what is new, and rings once for all of it. A fault is told and rung when it begins, and not at each look.
func (v *watchVerb) show(s *cli.Streams, t duty.Tick, told map[string]bool) {
	rings := len(t.New) > 0
	now := map[string]bool{}
	for _, n := range t.Trouble {
		if !told[n.Code] {
			rings = true
			escape.Fprintf(s.Err, "WARNING (%s): %s\n", n.Code, n.Text)
		}
		now[n.Code] = true
	}
	for code := range told {
		if !now[code] {
			escape.Fprintf(s.Err, "over: %s\n", code)
		}
	}
	clear(told)
	for code := range now {
		told[code] = true
	}
	if len(t.New) > 0 {
		writeItems(s, t.New)
		writeDrills(s.Out, t.New)
	}
	if !rings {
		return
	}
	counts := duty.Counts{New: len(t.New), Danger: t.Danger(), Waiting: t.Waiting}
	escape.Fprintf(s.Out, "RING: %d new, %d in danger", counts.New, counts.Danger)
	if t.Waiting > len(t.New) {
		escape.Fprintf(s.Out, "; %d waited at the server at once: ask the operator for zapisd export --urgent", t.Waiting)
	}
	fmt.Fprintln(s.Out)
	duty.Ring(counts, duty.Ringer{Quiet: v.Quiet, Bell: s.Err, Exec: v.Exec, Failed: func(err error) { escape.Fprintf(s.Err, "WARNING: %v\n", err) }})
}

// writeItems writes a table: a line for each report.
func writeItems(s *cli.Streams, items []duty.Item) {
	w := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "CASE\tREPORT\tWHAT\tDANGER\tDEADLINE\tLANGUAGE\tCAME (UTC)\tAFTER\tANSWERED")
	for _, it := range items {
		what := it.Act
		if what == format.ActDrill {
			what = "EXERCISE"
		}
		escape.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", format.ShortName(it.Case), it.Report.String()[:10], what, dash(strings.ToUpper(it.Danger)), dash(it.Deadline),
			dash(it.Language), it.Received.Format("2006-01-02 15:04"), it.Rang.Sub(it.Received).Round(time.Second), dash(strings.Join(it.Answered, " ")))
	}
	w.Flush()
}

// longest is from Send to the ring: half an hour to the next batch, and a minute to the next look.
const longest = 31 * time.Minute

// writeDrills writes what an exercise is made for: how long it took until it rang.
func writeDrills(w io.Writer, items []duty.Item) {
	for _, it := range items {
		if it.Act != format.ActDrill {
			continue
		}
		took := it.Rang.Sub(it.Received).Round(time.Second)
		late := ""
		if took > longest {
			late = ", more than " + longest.String() + ": look why"
		}
		escape.Fprintf(w, "exercise %s: it rang %s after it was sent%s\n", format.ShortName(it.Case), took, late)
	}
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

type listVerb struct{ keyFlags }

func (v *listVerb) Run(ctx context.Context, s *cli.Streams) error {
	w, err := v.open(ctx, false)
	if err != nil {
		return err
	}
	items := w.Items()
	if len(items) == 0 {
		escape.Fprintln(s.Out, "Nothing has asked for attention in the last 14 days.")
		return nil
	}
	writeItems(s, items)
	return nil
}

// sentences are the English words of the fixed sentences; reporters read them in their language.
var sentences = map[string]string{
	"call":       "Seen. Call 112 or your local emergency number now: we cannot send help. Two readers are on their way to your text.",
	"readers":    "Seen. Two readers are on their way to your text.",
	"date":       "Seen. We have noted your date.",
	"today":      "Seen. A reader opens your text today.",
	"withdrawal": "Seen. That you take it back has reached our readers.",
}

type sentencesVerb struct{}

func (v *sentencesVerb) Run(s *cli.Streams) error {
	for i, name := range format.Sentences {
		escape.Fprintf(s.Out, "%d  %-10s  %s\n", i+1, name, sentences[name])
	}
	escape.Fprintln(s.Out, "Each also says when it was seen, and when to look again (--again).")
	return nil
}

type answerVerb struct {
	keyFlags
	Sentence int    `required:"" placeholder:"N" help:"Which sentence: zapis-duty sentences lists them."`
	Again    string `required:"" placeholder:"HH:MM" help:"When the reporter should look again, by this computer's clock: the next time that it is HH:MM, or YYYY-MM-DD HH:MM."`
	Report   string `arg:"" help:"The report or the case, as watch shows it."`
}

func (v *answerVerb) Run(ctx context.Context, s *cli.Streams) error {
	again, err := nextTime(v.Again, time.Now())
	if err != nil {
		return err
	}
	w, err := v.open(ctx, false)
	if err != nil {
		return err
	}
	it, err := w.Answer(ctx, v.Report, v.Sentence, again)
	if err != nil {
		return err
	}
	escape.Fprintf(s.Out, "answered %s: %s, look again at %s\n", format.ShortName(it.Case), format.Sentences[v.Sentence-1], again.Format("2006-01-02 15:04"))
	return nil
}

// nextTime reads HH:MM, as the next time that the clock says so, or a day and HH:MM.
func nextTime(text string, now time.Time) (time.Time, error) {
	if t, err := time.ParseInLocation("2006-01-02 15:04", text, now.Location()); err == nil {
		return t, nil
	}
	t, err := time.Parse("15:04", text)
	if err != nil {
		return t, exit.New(exit.Usage, "", "--again %s: it is HH:MM, or YYYY-MM-DD HH:MM", text)
	}
	at := time.Date(now.Year(), now.Month(), now.Day(), t.Hour(), t.Minute(), 0, 0, now.Location())
	if !at.After(now) {
		at = at.AddDate(0, 0, 1)
	}
	return at, nil
}
