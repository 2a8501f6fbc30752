package main

import (
	"context"
	"strconv"
	"strings"

	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/exit"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/mediaproxy"
)

// redactCmd makes a redacted copy of an exhibit.
type redactCmd struct {
	caseFlags
	Exhibit string   `arg:"" name:"EXHIBIT" help:"The exhibit: A01, A02 and so on, as show names it."`
	Box     []string `required:"" sep:"none" placeholder:"X,Y,W,H" help:"Cover this: pixels from the left, from the top, width and height in the upright picture at full size. A PDF page has 2480 pixels on its longest side. Give it once for each box."`
	Page    int      `default:"1" placeholder:"N" help:"The page of a PDF, TIFF or HEIC, from 1 (${default})."`
	Reason  string   `required:"" placeholder:"TEXT" help:"Why, in one line. It stands beside the copy."`
}

func (r *redactCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	boxes, err := boxesOf(r.Box)
	switch {
	case err != nil:
		return err
	case r.Page < 1:
		return exit.New(exit.Usage, "", "--page is at least 1")
	case strings.TrimSpace(r.Reason) == "":
		return exit.New(exit.Usage, "say in one line why", "a redacted copy needs a reason")
	}
	return r.withCase(ctx, s, g, func(v *casework.Trustee, c *casework.Case) error {
		proxy, err := mediaproxy.Start(ctx)
		if err != nil {
			return err
		}
		defer proxy.Close()
		o, err := openedCase(s, v, c)
		if err != nil {
			return err
		}
		e, ok := o.Exhibit(strings.ToUpper(r.Exhibit))
		if !ok {
			return exit.New(exit.Failed, "zapis show lists those of the case", "there is no exhibit %q in %s", r.Exhibit, o.ID)
		}
		data, err := v.ViewExhibit(c, e, maxRedacted)
		if err != nil {
			return err
		}
		defer clear(data)
		png, err := proxy.Redact(e.Original, data, r.Page-1, boxes, r.Reason)
		if err != nil {
			return err
		}
		name, err := v.KeepRedacted(c, e, casework.Redaction{PNG: png, Page: r.Page - 1, Boxes: len(boxes), Reason: r.Reason})
		if err != nil {
			return err
		}
		escape.Fprintln(s.Out, name)
		escape.Fprintf(s.Err, "The boxes are burned in, and the copy was decoded again to prove it. The original is untouched. "+
			"zapis outbox takes the copy to the operator; it joins %s with the next carry file.\n", c.ID)
		return nil
	})
}

// maxRedacted is the size in bytes of the largest file that is opened for a redacted copy.
const maxRedacted = 256 << 20

// boxesOf reads boxes of the form x,y,width,height.
func boxesOf(list []string) ([]mediaproxy.Box, error) {
	var out []mediaproxy.Box
	for _, text := range list {
		parts := strings.Split(text, ",")
		var b mediaproxy.Box
		bad := len(parts) != len(b)
		for i := 0; i < len(parts) && !bad; i++ {
			n, err := strconv.Atoi(strings.TrimSpace(parts[i]))
			bad = err != nil || n < 0 || n > 1<<16 || i > 1 && n == 0
			b[i] = n
		}
		if bad {
			return nil, exit.New(exit.Usage, "as in --box 120,40,300,80", "a box is four numbers of pixels: from the left, from the top, width and height: %q is none", text)
		}
		out = append(out, b)
	}
	return out, nil
}
