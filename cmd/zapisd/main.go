// Zapisd is the intake server and the operator's tool. It accepts reports from a form, seals them to the trustees'
// public keys, and stores them in an append-only ledger.
package main

import (
	"os"

	"zapis/internal/cli"
)

const about = "Zapis takes reports of persecution, seals them to a group of trustees, and keeps them in a ledger " +
	"that nobody can quietly change. This is the server, and what its operator does."

type grammar struct {
	Demo   demoVerb   `cmd:"" help:"Run a ledger with sample trustees and invented reports, on this computer only."`
	Init   initVerb   `cmd:"" help:"Make a new ledger and print its card."`
	Serve  serveVerb  `cmd:"" help:"Take reports."`
	Setup  setupVerb  `cmd:"" help:"Write what a machine needs to run the intake: a systemd unit, a torrc, a configuration."`
	Export exportVerb `cmd:"" help:"Write the ledger into a carry file, for the trustees."`
	Accept acceptVerb `cmd:"" help:"Take in what the trustees have signed."`
	Check  checkVerb  `cmd:"" help:"Verify all of the ledger."`
	Status statusVerb `cmd:"" help:"Say how the ledger stands: disk, slots, anchors. Nothing about people."`
	Key    keyVerb    `cmd:"" help:"Change the keys that sign the ledger."`

	Drill      drillVerb  `cmd:"" help:"Send an exercise to those on duty, to see how long it takes until it rings."`
	RotateDuty rotateVerb `cmd:"" help:"Write a proposal of the next duty keys, for the trustees to approve."`

	Backup  backupVerb  `cmd:"" help:"Copy the ledger into a folder of flat files, while it is served too."`
	Restore restoreVerb `cmd:"" help:"Make the ledger again out of a backup, and let it sign again."`
	Mirror  mirrorVerb  `cmd:"" help:"Keep a verified copy of somebody's ledger, or of what it publishes."`
	Compact compactVerb `cmd:"" help:"Take what was erased out of the database's free pages."`
	Move    moveVerb    `cmd:"" help:"Carry the ledger into a database that several hosts share, or back into its folder."`

	Witness witnessVerb `cmd:"" help:"Have others confirm the ledger's history, or confirm theirs."`
	Anchor  anchorVerb  `cmd:"" help:"Have the ledger's time confirmed by time-stamping authorities."`

	Perform performVerb `cmd:"" hidden:"" help:"Do what another verb asked for, in this process."`
}

func main() {
	os.Exit(int(cli.Program{Name: "zapisd", About: about, Grammar: new(grammar)}.Main()))
}
