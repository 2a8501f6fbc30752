package main

import (
	"context"
	"strings"

	"zapis/internal/cli"
	"zapis/internal/exit"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/review"
)

// translateCmd keeps a translation of what a reporter wrote.
type translateCmd struct {
	caseFlags
	Lang string `required:"" placeholder:"xx" help:"What the translation is in: en, de, be-tarask."`
	By   string `placeholder:"WHO" help:"Who or what made it, in one line, where it was not you."`
	Of   string `placeholder:"ENTRY" help:"The entry of the follow-up that it translates; the first report's where you say nothing."`
	wordsFlags
	Private bool `help:"Keep it in this vault, for yourself alone."`
}

func (t *translateCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	text, err := t.read(s)
	if err != nil {
		return err
	}
	r := review.Review{Kind: review.Translation, Language: t.Lang, Translator: strings.TrimSpace(t.By), Text: strings.TrimRight(text, "\n")}
	if err := review.CheckLanguage(t.Lang); err != nil {
		return exit.New(exit.Usage, "a tag of BCP 47, like en, pt-BR or be-tarask", "%w", err)
	}
	if err := checkReview(r); err != nil {
		return err
	}
	return t.withCase(ctx, s, g, func(v *casework.Trustee, c *casework.Case) error {
		if t.Of != "" {
			of, ok := c.SubmissionAt(t.Of)
			if !ok {
				return exit.New(exit.Usage, "zapis show says which there are", "--of %s: the case has no such entry", t.Of)
			}
			r.Of = of
		}
		return say(s, v, c, r, t.Private)
	})
}
