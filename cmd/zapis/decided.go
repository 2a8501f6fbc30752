package main

import (
	"context"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/deskstate"
)

// decidedCmd shows what trustees have decided about a case.
type decidedCmd struct {
	caseFlags
}

func (c *decidedCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	return c.withCase(ctx, s, g, func(v *casework.Trustee, of *casework.Case) error {
		log, err := v.Desk()
		if err != nil {
			return err
		}
		if err := v.RecordListing(1); err != nil {
			return err
		}
		d := log.Case(of.ID)
		writeDecided(s.Out, d)
		if read := of.ReadBy(d); len(read) > 0 {
			escape.Fprintf(s.Out, "read by         %s\n", strings.Join(read, ", "))
		}
		escape.Fprintln(s.Out, "history")
		for _, h := range d.History {
			undone := ""
			if h.Undone {
				undone = "  (undone)"
			}
			escape.Fprintf(s.Out, "  %.12s  %s  %s  %s%s%s\n", h.ID, h.Event.Time.UTC().Format(time.DateTime), h.Event.By, eventWords(h.Event), reason(h.Event.Payload["why"]), undone)
		}
		for _, r := range d.Rejected {
			escape.Fprintf(s.Out, "  %.12s  has no effect: %s\n", r.ID, r.Why)
		}
		return nil
	})
}

// writeDecided writes what is in force, a line each; what trustees contradict each other about, and what waits for a
// second person.
func writeDecided(w io.Writer, d deskstate.Case) {
	line := func(name string, list []deskstate.Value, more string) {
		for _, one := range list {
			escape.Fprintf(w, "%-15s %s  by %s%s%s\n", name, valueWords(one.Text, one.Parts), one.By, reason(one.Why), more)
		}
	}
	register := func(name string, r deskstate.Register) {
		more := ""
		if r.Conflict {
			more = "  (trustees contradict each other)"
		}
		line(name, r.Heads, more)
	}
	if len(d.State.Heads) == 0 {
		escape.Fprintf(w, "%-15s %s\n", "state", d.State.Text)
	}
	register("state", d.State)
	for _, f := range deskstate.Fields() {
		register(f.Name, d.Fields[f.Name])
		line(f.Name, d.Sets[f.Name], "")
	}
	for _, p := range d.Pending {
		line(p.Field, []deskstate.Value{p}, "  (waits for a second person: "+p.ID[:12]+")")
	}
	for _, l := range d.Links {
		escape.Fprintf(w, "%-15s %s %s  by %s%s\n", "link", l.Type, l.To, l.By.By, reason(l.By.Why))
	}
	line("note", d.Notes, "")
}

func reason(why string) string {
	if why == "" {
		return ""
	}
	return ", because: " + escape.Text(why)
}

// valueWords gives a value on one line.
func valueWords(text string, parts map[string]string) string {
	words := []string{}
	if parts == nil {
		words = append(words, escape.Text(text))
	}
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		words = append(words, name+"="+escape.Text(parts[name]))
	}
	return strings.Join(words, "  ")
}

// eventWords gives an event's kind and payload on one line, without its reason.
func eventWords(e deskstate.Event) string {
	payload := maps.Clone(e.Payload)
	delete(payload, "why")
	if e.Undoes != "" {
		payload["event"] = e.Undoes
	}
	if id := payload["event"]; len(id) > 12 {
		payload["event"] = id[:12]
	}
	return strings.TrimRight(string(e.Kind)+"  "+valueWords("", payload), " ")
}
