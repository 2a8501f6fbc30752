package main

// caseVerbs are what a trustee writes about a case, and how it gets out of the vault.
type caseVerbs struct {
	Reply     replyCmd     `cmd:"" help:"Answer a reporter."`
	Note      noteCmd      `cmd:"" help:"Write a note on a case, for the trustees or for yourself."`
	Grade     gradeCmd     `cmd:"" help:"Say what ties a case to the state, and how far it is relied upon."`
	Find      findCmd      `cmd:"" help:"Search statements, answers, notes and names of files for words."`
	Decide    decideCmd    `cmd:"" help:"Decide about a case what zapis-desk decides."`
	Decided   decidedCmd   `cmd:"" help:"Show what trustees have decided about a case, and who when."`
	Links     linksCmd     `cmd:"" help:"Show which cases trustees have linked, and the campaigns among them."`
	Numbers   numbersCmd   `cmd:"" help:"Count cases for advocacy, and publish the numbers."`
	Translate translateCmd `cmd:"" help:"Keep a translation of what a reporter wrote."`
	Exhibit   exhibitCmd   `cmd:"" help:"Bring in what you obtained yourself."`
	Redact    redactCmd    `cmd:"" help:"Make a copy of a picture or a page with boxes burned in."`
	Outbox    outboxCmd    `cmd:"" help:"Gather what you have signed, for the operator to take in."`
	Due       dueCmd       `cmd:"" help:"List what runs out: dates to know, what has to go."`
	HandOver  handOverCmd  `cmd:"" help:"Write down that you hand something over, and to whom."`
	Custody   custodyCmd   `cmd:"" help:"Print your custody log."`
	Check     checkCmd     `cmd:"" help:"Verify all that the vault holds, and your custody log against the ledger."`
	Purge     purgeCmd     `cmd:"" help:"Take what tombstones erase off this disk."`
}
