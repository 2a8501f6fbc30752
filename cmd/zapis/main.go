// Zapis is the trustee's tool. It stays on a laptop that stays offline: it verifies what comes out of the
// ledger, opens what its trustee may open, records every act on evidence before it is done, and makes the
// bundles that lawyers receive.
package main

import (
	"os"

	"zapis/internal/cli"
	"zapis/internal/sandbox"
)

const about = "What a trustee does with a ledger, offline: keys, import, reading, extraction, bundles. " +
	"Every act on evidence is written to the vault's custody log before it is done."

// grammar is the whole command line: what each verb takes stands in the file named after it.
type grammar struct {
	cli.KeyFlags

	Keygen  keygenCmd  `cmd:"" help:"Make your identity, and the card that others know you by."`
	Card    cardCmd    `cmd:"" help:"Show a card as people compare it by voice."`
	Paper   paperCmd   `cmd:"" help:"Put your identity on paper, or bring it back from there."`
	Unlock  unlockCmd  `cmd:"" help:"Hold your keys for a while, so that commands ask for no passphrase."`
	Lock    lockCmd    `cmd:"" help:"End what unlock has begun: forget the keys at once."`
	Hold    holdCmd    `cmd:"" hidden:"" help:"Hold the keys, in this process."`
	Import  importCmd  `cmd:"" help:"Verify a carry file, all of it, and take it into your vault."`
	List    listCmd    `cmd:"" help:"Show which cases there are."`
	Show    showCmd    `cmd:"" help:"Open a case and show it."`
	Extract extractCmd `cmd:"" help:"Write the attachments of a case into a folder."`
	Ask     askCmd     `cmd:"" help:"Ask the other trustees to open what opens only together."`
	Grant   grantCmd   `cmd:"" help:"Give your share of what another trustee asks for."`
	Open    openCmd    `cmd:"" help:"Open a case with what the others have granted, and show it."`
	Propose proposeCmd `cmd:"" help:"Propose a change: other trustees, an erasure, other log keys."`
	Approve approveCmd `cmd:"" help:"Show what a proposal would change, and approve it."`
	Object  objectCmd  `cmd:"" help:"Stop a change that was announced, before it takes effect."`

	Trustees trusteesCmd `cmd:"" help:"Show who governs the ledger: the set in force, what it was before, and what is announced."`
	Reseal   resealCmd   `cmd:"" help:"Hand a past case on to a trustee who came later."`
	Receive  receiveCmd  `cmd:"" help:"Take in what another trustee has handed on to you."`
	caseVerbs
	Bundle  bundleCmd  `cmd:"" help:"Make the package that a lawyer receives, and can check without us."`
	Letter  letterCmd  `cmd:"" help:"Draft a letter: to the police, an ombudsperson, Interpol's Commission, the UN, a bank."`
	Convert convertCmd `cmd:"" help:"Write cases in formats that others read: tables, incidents, graphs."`
	Stamp   stampCmd   `cmd:"" help:"Have a time-stamping authority say by when a bundle was signed."`
}

func main() {
	sandbox.Drop()
	os.Exit(int(program().Main()))
}

func program() cli.Program {
	return cli.Program{Name: "zapis", About: about, Grammar: new(grammar)}
}
