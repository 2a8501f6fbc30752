package cli

import (
	"fmt"

	"zapis/internal/escape"
	"zapis/internal/exit"
)

// adviceWords are the words of each code, for a command line. The values are fmt's arguments.
var adviceWords = map[exit.Code]string{
	exit.AddIdentityFile:   "add --identity FILE",
	exit.BringLedger:       "zapis import brings a ledger",
	exit.TakeCarryIn:       "zapis import takes a carry file in",
	exit.MakeVault:         "zapis import makes one",
	exit.NameVaultFolder:   "a vault is the folder that zapis import made",
	exit.MakeFolderOfVault: "make that folder first, or name the vault otherwise: --vault V",
	exit.TakeOwnIdentity:   "take that trustee's identity, or make a vault of your own with zapis import",
	exit.UseNewerProgram:   "a newer zapis may read it",
	exit.UseNewerOrDecide:  "a newer zapis may read it; else ask them to decide it again",
	exit.ExportWhole:       "have the whole ledger exported, without --since",
	exit.ExportSince:       "have it exported with --since %d, or whole",
	exit.LeaveOutContinues: "leave --continues out",

	exit.ListCases:         "zapis list shows which there are",
	exit.ListAndRepeat:     "zapis list, and then again",
	exit.ListExhibits:      "zapis show lists them",
	exit.ListAnnounced:     "zapis trustees lists what is announced",
	exit.ExtractToFolder:   "zapis extract writes it to a folder",
	exit.PurgeCase:         "zapis purge %s takes that off; what is left of the case then may go out",
	exit.AskForCase:        "zapis ask %s --why TEXT --out FILE asks the others",
	exit.AskForKey:         "zapis ask asks the others",
	exit.AskIdentityFirst:  "ask with --part identity first, and for the files after",
	exit.AskThenOpen:       "ask with zapis ask, and open what is granted to that",
	exit.UseGranted:        "zapis open, show, extract and bundle use what was granted",
	exit.OpenOtherCase:     "zapis open %s takes it in: a grant opens the case for which it was asked, and no other",
	exit.ResealToYou:       "a trustee who can open it may seal it to you: zapis reseal",
	exit.ResealFromBefore:  "what a trustee gets of cases from before their time is sealed to them on purpose: zapis reseal",
	exit.ProposeSomething:  "zapis propose makes one",
	exit.ProposeChange:     "zapis propose trustees --help says what can",
	exit.ProposeEndOfHold:  "zapis propose release %d proposes to end the hold",
	exit.AddSomebodyNew:    "--add takes in somebody new",
	exit.ReplaceKeys:       "--replace gives a trustee new keys; somebody new needs a name of their own",
	exit.MakeOtherKeys:     "zapisd key new makes others",
	exit.AskReporter:       "ask the reporter; --override-consent REASON does it all the same, and stands in the custody log",
	exit.AskAndSayHow:      "ask them; then --asked TEXT says when and how they said yes, and stands in the custody log",
	exit.WantIdentity:      "--include identity, where they want that",
	exit.LeaveOutIdentity:  "leave out --include identity",
	exit.LeaveOutOrAsk:     "leave out --include identity, or ask the other trustees",
	exit.AnnexCommunicable: "--communicable %[1]s in place of --exhibit %[1]s, if it may reach the state; or leave it out",
	exit.MarkOrWithhold:    "--communicable %[1]s, if it may reach the state; --withhold %[1]s, if not",
	exit.NameWithheld:      "name a field, as zapis show --json has it, or an exhibit like A03",
	exit.WithholdIdentity:  "leave it out: contact, contact_when and name are withheld unless --include identity is given",
	exit.TableOfCodes:      "--format csv has one row a case, of codes",
	exit.WriteEnglish:      "--lang en",
	exit.StampAsWritten:    "stamp the zip file as zapis bundle wrote it",

	exit.MakeLedger:         "zapisd init makes one",
	exit.MakeSharedLedger:   "zapisd init --database makes one",
	exit.MakeDatabase:       "make the database (createdb), and then zapisd init",
	exit.WriteConfiguration: "zapisd init writes one",
	exit.AddDatabase:        "add --database",
	exit.RepeatMove:         "the same zapisd move again puts them there, also where it then says that the ledger is kept there already",
	exit.BringLogKey: "without it the log can sign nothing; bring it back from where it is kept. If it is lost: " +
		"zapisd key new, and have the trustees approve that, for the reason compromised",
	exit.CheckThat:         "zapisd check says all that is wrong with it",
	exit.CheckLedger:       "zapisd check says all that is wrong with the ledger",
	exit.StopAndCheck:      "stop this process, look at the disk, then run zapisd check",
	exit.OrResume:          "%s. If the witness is wrong: zapisd witness resume",
	exit.UseNewerServer:    "use the newer zapisd that has made or raised it",
	exit.BackupAndRestore:  "zapisd backup with the program that has made it, then zapisd restore with this one",
	exit.SetInPostgres:     "in postgresql.conf: %s = %s",
	exit.EnableChecksums:   "stop the server, run pg_checksums --enable on its folder and on the standbys', and start them",
	exit.MakeBackup:        "zapisd backup makes one",
	exit.ExportSome:        "have it exported with --since",
	exit.ProposeNewKey:     "zapisd key new makes one; propose that",
	exit.AddWitnessAddress: "add one with an address to D/witnesses: zapisd witness init --url",
	exit.GiveLogKeys:       "give its operator what zapisd witness keys --dir D prints",
	exit.GetLogKeys:        "its operator prints them with zapisd witness keys",
	exit.ReplaceLogKeys:    "ask its operator, by a way that you trust, whether the keys were changed; then add --replace",
	exit.MakeWitness:       "zapisd witness init makes one",
	exit.ShowWitnessKeys:   "zapisd witness keys --dir shows its keys",
	exit.StopWitness:       "stop zapisd witness serve, or ask it over HTTP",
	exit.LookIfPublished:   "does the ledger publish? (zapisd serve without --no-publish)",
	exit.TrustGenesis:      "give --trust the ledger's genesis, and --ledger its card",
	exit.TrustNewKeys:      "if the log has new keys, give them to --trust, from somebody you trust",
}

// Hint returns what to do next, in words of a command line, or "": the outermost hint or advice in err's chain, as one line that is
// safe to show.
func Hint(err error) string {
	if a := exit.AdviceOf(err); a.Code != 0 {
		return escape.Text(fmt.Sprintf(adviceWords[a.Code], a.Values...))
	}
	return escape.Text(exit.HintOf(err))
}
