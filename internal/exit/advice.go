package exit

import "fmt"

// Code says what the user can do next, where only a program has the words: a verb and its flags on a command line.
// internal/cli puts each into words.
type Code int

// The codes, and what their values are.
const (
	noCode Code = iota

	AddIdentityFile   // the key is needed
	BringLedger       // the vault is empty
	TakeCarryIn       // no entry is there yet
	MakeVault         // there is none at that place
	NameVaultFolder   // the place is a file
	MakeFolderOfVault // the folder around the vault
	TakeOwnIdentity   // the vault is another trustee's
	UseNewerProgram   // the format is newer
	UseNewerOrDecide  // the event is newer, or wrong
	ExportWhole       // the vault is empty, and the carry file begins later
	ExportSince       // uint64, the first entry that is missing
	LeaveOutContinues // the ledger goes on from none

	ListCases         // which cases there are
	ListAndRepeat     // a case was not opened yet
	ListExhibits      // which exhibits a case has
	ListAnnounced     // which changes are announced
	ExtractToFolder   // an exhibit is too large to be shown
	PurgeCase         // string, the case's id
	AskForCase        // string, the case's id
	AskForKey         // a key can't be disclosed without the others
	AskIdentityFirst  // too many parts for one request
	AskThenOpen       // a grant that answers no request
	UseGranted        // nothing is left to ask for
	OpenOtherCase     // string, the case's id that a grant is for
	ResealToYou       // what is sealed to others
	ResealFromBefore  // what is sealed to others, and is of a case from before a trustee's time
	ProposeSomething  // the file is no proposal
	ProposeChange     // the proposal changes nothing
	ProposeEndOfHold  // uint64, the entry that brought the hold
	AddSomebodyNew    // who is replaced is not there
	ReplaceKeys       // who is added is there
	MakeOtherKeys     // the log had the proposed keys before
	AskReporter       // a consent is missing
	AskAndSayHow      // a consent asks for an answer each time
	WantIdentity      // an exhibit shows who the reporter is
	LeaveOutIdentity  // an addressee never gets it
	LeaveOutOrAsk     // the identity is closed
	AnnexCommunicable // string, the exhibit's name
	MarkOrWithhold    // string, the exhibit's name
	NameWithheld      // what can be withheld
	WithholdIdentity  // the identity is withheld already
	TableOfCodes      // which format an addressee of codes gets
	WriteEnglish      // a letter is not there in a language
	StampAsWritten    // the bundle was packed again

	MakeLedger         // there is none in the folder
	MakeSharedLedger   // there is none in the database
	MakeDatabase       // PostgreSQL has none of that name
	WriteConfiguration // the folder's configuration lacks a line
	AddDatabase        // what only a ledger in a database has
	RepeatMove         // a move was cut off
	BringLogKey        // it is missing, or lost
	CheckThat          // the ledger just named does not verify
	CheckLedger        // a part does not verify
	StopAndCheck       // the disk failed
	OrResume           // string, what to do if the witness is right
	UseNewerServer     // the database's schema is newer
	BackupAndRestore   // the database's schema is older
	SetInPostgres      // string and string, a setting and its value
	EnableChecksums    // PostgreSQL has none
	MakeBackup         // the folder is none
	ExportSome         // entries are missing in between
	ProposeNewKey      // the log has no next key
	AddWitnessAddress  // no witness can be asked
	GiveLogKeys        // a witness does not know the log, or its keys
	GetLogKeys         // what was given is not a log's keys
	ReplaceLogKeys     // a witness knows other keys of the log
	MakeWitness        // there is none in the folder
	ShowWitnessKeys    // there is one in the folder
	StopWitness        // another process is the witness
	LookIfPublished    // a ledger's address does not have it
	TrustGenesis       // a mirror has no keys of the log
	TrustNewKeys       // the log signs with other keys

	codes
)

// Codes gives each code.
func Codes() []Code {
	var list []Code
	for c := noCode + 1; c < codes; c++ {
		list = append(list, c)
	}
	return list
}

// Advice is a code with its values.
type Advice struct {
	Code   Code // 0 for none
	Values []any
}

// With gives the code with its values.
func (c Code) With(values ...any) Advice { return Advice{c, values} }

// Advise returns an Error as New does, with advice in place of a hint.
func Advise(s Status, a Advice, format string, args ...any) error {
	return &Error{Status: s, Advice: a, Err: fmt.Errorf(format, args...)}
}

// AdviceOf returns the advice of the error in err's chain that HintOf would take its hint from: nothing where that has a hint.
func AdviceOf(err error) Advice {
	if e := helping(err); e != nil {
		return e.Advice
	}
	return Advice{}
}

// helping returns the outermost Error in err's chain that has a hint or advice, and of joined errors the first; or nil.
func helping(err error) *Error {
	if e, ok := err.(*Error); ok && (e.Hint != "" || e.Advice.Code != noCode) {
		return e
	}
	switch w := err.(type) {
	case interface{ Unwrap() error }:
		return helping(w.Unwrap())
	case interface{ Unwrap() []error }:
		for _, err := range w.Unwrap() {
			if e := helping(err); e != nil {
				return e
			}
		}
	}
	return nil
}
