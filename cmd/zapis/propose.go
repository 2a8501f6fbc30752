package main

import (
	"context"
	"os"
	"time"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/exit"
	"zapis/internal/trustee/casework"
)

// proposeCmd writes proposals, for trustees to approve.
type proposeCmd struct {
	Trustees  proposeTrusteesCmd  `cmd:"" help:"Propose other trustees or duty cards, or other thresholds."`
	Tombstone proposeTombstoneCmd `cmd:"" help:"Propose to erase a case, an entry or a part."`
	Hold      proposeHoldCmd      `cmd:"" help:"Propose that nothing of a case or an entry can be erased: a court may ask for it."`
	Release   proposeReleaseCmd   `cmd:"" help:"Propose to end a hold."`
	Key       proposeKeyCmd       `cmd:"" help:"Propose the keys that the operator has made to sign the ledger from now on."`
}

type proposeTrusteesCmd struct {
	proposalFlags
	Add        []string `placeholder:"CARD" help:"The card file of a new trustee. Repeat it for more."`
	Remove     []string `placeholder:"NAME" help:"A trustee who leaves."`
	Replace    []string `placeholder:"CARD" help:"The new card file of a trustee or a duty officer, who keeps the name."`
	AddDuty    []string `placeholder:"CARD" help:"The card file of somebody who sees urgency and nothing else."`
	RemoveDuty []string `placeholder:"NAME" help:"A duty card that goes."`
	Identity   int      `name:"identity-quorum" placeholder:"K" help:"How many trustees open contact and name."`
	Statement  int      `name:"statement-quorum" placeholder:"K" help:"How many trustees open the words."`
	Attachment int      `name:"attachment-quorum" placeholder:"K" help:"How many trustees open the files."`
	Vocabulary int      `placeholder:"N" help:"The version of the questions and codes, for reports from then on; it only goes up."`
	Approvals  int      `placeholder:"K" help:"How many trustees approve a change like this one."`
}

func (p *proposeTrusteesCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	change := casework.SetChange{Remove: p.Remove, RemoveDuty: p.RemoveDuty, Identity: p.Identity, Statement: p.Statement,
		Attachment: p.Attachment, Approvals: p.Approvals, Vocabulary: p.Vocabulary}
	for files, to := range map[*[]string]*[]card.Card{&p.Add: &change.Add, &p.Replace: &change.Replace, &p.AddDuty: &change.AddDuty} {
		for _, name := range *files {
			c, err := readCard(name)
			if err != nil {
				return err
			}
			*to = append(*to, c)
		}
	}
	return p.propose(ctx, s, g, func(v *casework.Trustee, _ *casework.Cases) ([]byte, error) { return v.ProposeTrustees(change) })
}

func readCard(name string) (card.Card, error) {
	text, err := cli.ReadOf(name, cli.KindCard, card.MaxSize)
	if err != nil {
		return card.Card{}, err
	}
	c, err := card.Parse(text)
	if err != nil {
		return c, exit.New(exit.Mismatch, "a card is the file that zapis keygen writes beside the key", "%s: %w", name, err)
	}
	return c, nil
}

type proposeTombstoneCmd struct {
	proposalFlags
	Item   []string `arg:"" name:"CASE|ENTRY|PART" help:"A case's id, an entry's number, or the hash of one part."`
	Reason string   `required:"" enum:"asked,ordered,retention,unlawful,mistake" placeholder:"WORD" help:"One of ${enum}."`
}

func (p *proposeTombstoneCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	return p.proposeOf(ctx, s, g, (*casework.Trustee).ProposeTombstone, p.Item, p.Reason)
}

// proposeHoldCmd proposes to keep what could be erased.
type proposeHoldCmd struct {
	proposalFlags
	Item   []string `arg:"" name:"CASE|ENTRY" help:"A case's id, or an entry's number."`
	Reason string   `required:"" enum:"proceedings,order,asked" placeholder:"WORD" help:"One of ${enum}."`
}

func (p *proposeHoldCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	return p.proposeOf(ctx, s, g, (*casework.Trustee).ProposeHold, p.Item, p.Reason)
}

// proposeReleaseCmd proposes to end a hold.
type proposeReleaseCmd struct {
	proposalFlags
	Hold uint64 `arg:"" name:"ENTRY" help:"The number of the hold's entry."`
}

func (p *proposeReleaseCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	return p.propose(ctx, s, g, func(v *casework.Trustee, _ *casework.Cases) ([]byte, error) { return v.ProposeRelease(p.Hold) })
}

type proposeKeyCmd struct {
	proposalFlags
	Keys   string `arg:"" name:"KEYS" help:"What zapisd key new wrote."`
	Reason string `required:"" enum:"rotation,compromised" placeholder:"WORD" help:"rotation, where the old keys are safe and sign it too; or compromised."`
}

func (p *proposeKeyCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	text, err := cli.ReadOf(p.Keys, cli.KindNewKeys, ledger.MaxSmall)
	if err != nil {
		return err
	}
	keys, err := ledger.ParseNewKeys(text)
	if err != nil {
		return exit.New(exit.Mismatch, "zapisd key new writes such a file", "%s: %w", p.Keys, err)
	}
	return p.propose(ctx, s, g, func(v *casework.Trustee, _ *casework.Cases) ([]byte, error) { return v.ProposeKey(keys, p.Reason) })
}

// proposalFlags are what every proposal takes.
type proposalFlags struct {
	vaultFlag
	Out string `required:"" placeholder:"FILE" help:"The proposal to write; it is never overwritten."`
}

// proposeOf writes a proposal about cases and entries, which has a reason.
func (f proposalFlags) proposeOf(ctx context.Context, s *cli.Streams, g *grammar,
	make func(*casework.Trustee, *casework.Cases, []string, string) ([]byte, error), items []string, reason string) error {
	return f.propose(ctx, s, g, func(v *casework.Trustee, cases *casework.Cases) ([]byte, error) { return make(v, cases, items, reason) })
}

// propose writes a proposal, and shows it as those who are to approve it will see it.
func (f proposalFlags) propose(ctx context.Context, s *cli.Streams, g *grammar, make func(*casework.Trustee, *casework.Cases) ([]byte, error)) error {
	if err := cli.CheckFree(f.Out); err != nil {
		return err
	}
	return f.withCases(ctx, s, g, func(v *casework.Trustee, cases *casework.Cases) error {
		text, err := make(v, cases)
		if err != nil {
			return err
		}
		p, err := v.ReadProposal(cases, text)
		if err != nil {
			return err
		}
		if err := cli.CreateFile(f.Out, text, 0o644); err != nil {
			return err
		}
		escape.Fprintln(s.Out, f.Out)
		writeProposal(s, p)
		escape.Fprintf(s.Err, "It counts once %s approved it: zapis approve, you too.\n", casework.Many(p.Needs, "trustee has", "trustees have"))
		return nil
	})
}

func writeProposal(s *cli.Streams, p *casework.Proposal) {
	escape.Fprintf(s.Err, "A proposal: %s.\n", p.Title)
	for _, line := range p.Words {
		escape.Fprintf(s.Err, "  %s\n", line)
	}
}

// approveCmd signs a proposal.
type approveCmd struct {
	vaultFlag
	Proposal string `arg:"" name:"PROPOSAL" help:"What zapis propose wrote."`
	Yes      bool   `help:"Answer yes, without being asked."`
	Expires  string `placeholder:"DATE" help:"The last day on which it counts, YYYY-MM-DD, UTC; 30 days from now."`
	Withdraw bool   `help:"Take back the approval that you gave before."`
	Out      string `placeholder:"FILE" help:"Write the approval into a file too, for zapisd accept; the next outbox has it in any case."`
}

func (a *approveCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	text, err := cli.ReadOf(a.Proposal, cli.KindProposal, ledger.MaxSmall)
	if err != nil {
		return err
	}
	if a.Out != "" {
		if err := cli.CheckFree(a.Out); err != nil {
			return err
		}
	}
	var last time.Time
	if a.Expires != "" {
		if last, err = time.Parse(time.DateOnly, a.Expires); err != nil {
			return exit.New(exit.Usage, "", "--expires %s: a day is written YYYY-MM-DD", a.Expires)
		}
	}
	return a.withCases(ctx, s, g, func(v *casework.Trustee, cases *casework.Cases) error {
		p, err := v.ReadProposal(cases, text)
		if err != nil {
			return err
		}
		writeProposal(s, p)
		if a.Withdraw {
			if err := v.Withdraw(p); err != nil {
				return err
			}
			escape.Fprintln(s.Err, "Withdrawn. The next outbox takes it along.")
			return nil
		}
		if p.Mine != nil {
			escape.Fprintln(s.Err, "You have approved it before: the same approval is given again.")
		} else if !a.Yes {
			if err := cli.Confirm(ctx, "Approve it?"); err != nil {
				return err
			}
		}
		approval, err := v.Approve(p, last)
		if err != nil {
			return err
		}
		if a.Out == "" {
			escape.Fprintln(s.Err, "Approved. The next outbox takes it along.")
			return nil
		}
		if err := cli.CreateFile(a.Out, approval, os.FileMode(0o644)); err != nil {
			return err
		}
		escape.Fprintln(s.Out, a.Out)
		return nil
	})
}
