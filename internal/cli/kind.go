package cli

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"zapis/crypto/card"
	"zapis/internal/exit"
)

// Kind is what a file claims to be, by its first bytes. There are a dozen kinds of file, and a wrong one is a mistake,
// not a forgery: the error names its kind and where it belongs (status Failed). A file that claims the right kind is
// left to its parser, with the status Mismatch where it does not verify.
type Kind string

// Party is what a file is for an outside person who checks what they received.
type Party int

const (
	ToInside Party = iota // nothing: it is for trustees, or for the operator
	ToCheck               // what is checked
	ToTrust               // what that is checked against
	OfBundle              // a piece of what is checked
	ToRead                // a document, which proves nothing alone
	ToUnlock              // under a passphrase
	ToOpen                // sealed to a key
)

// The kinds that verbs accept.
const (
	KindRequest  Kind = "request"
	KindGrant    Kind = "grant"
	KindReseal   Kind = "handed-on case"
	KindProposal Kind = "proposal"
	KindCard     Kind = "card"
	KindNewKeys  Kind = "set of new log keys"
	KindCarry    Kind = "carry file"
	KindOutbox   Kind = "outbox" // or an approval, which is applied the same way
	KindBundle   Kind = "bundle"
	KindIdentity Kind = "identity file"
)

// kinds are all files of this project, and what to do with each. The first match counts.
var kinds = []struct {
	kind  Kind
	is    string
	from  string // the program that makes it; empty where no verb accepts it
	use   string
	begin string
	at    int    // the offset of the beginning
	says  string // for a signed statement, its kind
	party Party
}{
	{KindRequest, "a request for shares", "zapis ask wrote", "zapis grant answers it", signedBegin, 0, card.KindAsk, ToInside},
	{KindGrant, "a grant of shares", "zapis grant wrote", "zapis open CASE --grant FILE takes it in", signedBegin, 0, card.KindGrant, ToInside},
	{KindReseal, "a case that is handed on", "zapis reseal wrote", "zapis receive takes it in", signedBegin, 0, card.KindReseal, ToInside},
	{KindOutbox, "an approval", "zapis outbox or zapis approve wrote", "zapisd accept takes it in, at the operator's", signedBegin, 0, card.KindApproval, ToInside},
	{"", "an answer to a reporter", "", "zapis outbox takes it along, for the operator", signedBegin, 0, card.KindReply, ToInside},
	{"", "a review", "", "zapis outbox takes it along, for the operator", signedBegin, 0, card.KindReview, ToInside},
	{"", "an exhibit's statement", "", "zapis outbox takes it along, for the operator", signedBegin, 0, card.KindExhibit, ToInside},
	{"", "the head of a custody log", "", "zapis outbox takes it along, for the operator", signedBegin, 0, card.KindCustody, ToInside},
	{KindProposal, "a proposal of other trustees", "zapis propose wrote", "zapis approve shows and signs it", "zapis/trustees/v1\n", 0, "", ToInside},
	{KindProposal, "a proposal of other log keys", "zapis propose wrote", "zapis approve shows and signs it", "zapis/key/v1\n", 0, "", ToInside},
	{KindProposal, "a proposal to erase", "zapis propose wrote", "zapis approve shows and signs it", "zapis/tombstone/v1\n", 0, "", ToInside},
	{KindProposal, "a proposal to erase", "zapis propose wrote", "zapis approve shows and signs it", "zapis/tombstone/v2\n", 0, "", ToInside},
	{KindProposal, "a proposal to keep what could be erased", "zapis propose wrote", "zapis approve shows and signs it", "zapis/hold/v1\n", 0, "", ToInside},
	{KindProposal, "a proposal to end a hold", "zapis propose wrote", "zapis approve shows and signs it", "zapis/release/v1\n", 0, "", ToInside},
	{KindCard, "a trustee's card", "zapis keygen wrote beside the key", "zapis card shows it; zapis propose trustees --add FILE.card proposes its owner", "zapis/card/v1\n", 0, "", ToTrust},
	{KindNewKeys, "a set of new log keys", "zapisd key new wrote", "zapis propose key proposes them", "zapis/log-keys/v1\n", 0, "", ToInside},
	{KindCarry, "a carry file", "zapisd export wrote", "zapis import takes it in", "carry.txt\x00", 0, "", ToInside},
	{KindCarry, shuffled, "zapisd export wrote", "zapis import takes it in", "checkpoints/", 0, "", ToInside},
	{KindCarry, shuffled, "zapisd export wrote", "zapis import takes it in", "entries/", 0, "", ToInside},
	{KindCarry, shuffled, "zapisd export wrote", "zapis import takes it in", "waiting/", 0, "", ToInside},
	{KindOutbox, "an outbox", "zapis outbox or zapis approve wrote", "zapisd accept takes it in, at the operator's", "outbox.txt\x00", 0, "", ToInside},
	{KindBundle, "a bundle", "zapis bundle wrote", "zapis-verify checks it", "zapis-bundle/", 30, "", ToCheck},
	{"", "a ledger card", "", "--ledger takes it", "zapis-ledger+", 0, "", ToTrust},
	{"", "a receipt", "", "zapis-verify checks it", "c2sp.org/tlog-proof@v1\n", 0, "", ToCheck},
	{"", "a promise", "", "zapis-verify checks it", "zapis/promise/v1\n", 0, "", ToCheck},
	{KindIdentity, "sealed with age under a passphrase", "zapis keygen wrote", "--identity takes an identity file; age -d opens the rest", "age-encryption.org/v1\n-> scrypt ", 0, "", ToUnlock},
	{"", "sealed with age", "", "the person it is sealed to opens it: age -d -i KEY", "age-encryption.org/v1\n", 0, "", ToOpen},
	{"", "sealed with age", "", "the person it is sealed to opens it: age -d -i KEY", "-----BEGIN AGE ENCRYPTED FILE-----", 0, "", ToOpen},
	{"", "an identity that no passphrase protects", "", "delete it, and make another: zapis keygen", "# zapis/identity/v1\n", 0, "", ToInside},
	{"", "a ledger's genesis", "", "zapis-verify --trust takes it", "zapis/genesis/v1\n", 0, "", ToTrust},
	{"", "a ledger's genesis", "", "zapis-verify --trust takes it", "zapis/genesis/v2\n", 0, "", ToTrust},
	{"", "a certificate", "", "zapis-verify --trust takes it", "-----BEGIN CERTIFICATE-----", 0, "", ToTrust},
	{"", "one file out of an unpacked bundle", "", unpacked, "BagIt-Version:", 0, "", OfBundle},
	{"", "one file out of an unpacked bundle", "", unpacked, "Bag-Software-Agent:", 0, "", OfBundle},
	{"", "one file out of an unpacked bundle, or some other signature", "", unpacked, "-----BEGIN SSH SIGNATURE-----", 0, "", OfBundle},
	{"", "a PDF", "", "it is for reading", "%PDF-", 0, "", ToRead},
}

const (
	shuffled    = "a carry file that does not begin with carry.txt"
	unpacked    = "zapis-verify checks the whole bundle: the .zip file that it came in"
	signedBegin = "zapis/signed/v1\n"
)

// Sniffed is how many bytes determine a file's kind.
const Sniffed = 1 << 10

var signedKind = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\nkind ([^\n]*)\n`) })

// ReadOf reads a file that should be of a kind, of at most most bytes.
func ReadOf(name string, want Kind, most int) ([]byte, error) {
	f, err := OpenOf(name, want)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, int64(most)+1))
	if err != nil {
		return nil, err
	}
	if len(content) > most {
		return nil, exit.New(exit.Mismatch, "", "%s is no %s: it has more than %d bytes", name, want, most)
	}
	return content, nil
}

// OpenOf opens a file that should be of a kind, at its beginning. The caller closes it.
func OpenOf(name string, want Kind) (*os.File, error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, exit.New(exit.Failed, comesFrom(want), "%w", err)
	}
	if err != nil {
		return nil, err
	}
	if err := expect(f, name, want); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// expect refuses a file that claims to be another kind, or an unknown one.
func expect(f *os.File, name string, want Kind) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	refuse := func(is, use string) error {
		return exit.New(exit.Failed, use+"; "+comesFrom(want), "%s is no %s: it is %s", name, want, is)
	}
	if info.IsDir() {
		if _, err := os.Stat(filepath.Join(name, "custody", "log")); err == nil {
			return refuse("a vault", "--vault takes it")
		}
		return refuse("a folder", "name the file")
	}
	if info.Mode()&os.ModeDevice != 0 { // some have no end
		return refuse("a device", "name the file")
	}
	if !info.Mode().IsRegular() {
		return nil
	}
	begin := make([]byte, Sniffed)
	n, err := io.ReadFull(f, begin)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if n == 0 { // cut off like any other
		return exit.New(exit.Mismatch, "have it sent again; "+comesFrom(want), "%s is no %s: it is empty", name, want)
	}
	begin = begin[:n]
	signed := statementKind(begin)
	for _, k := range kinds {
		if k.kind == want && claims(begin, k.begin, k.at) && (signed == "" || k.says == signed) {
			return nil
		}
	}
	if is, use, _, known := Sniff(begin); known {
		return refuse(is, use)
	}
	if len(bytes.Trim(begin, "\x00")) == 0 { // what a damaged disk gives
		return exit.New(exit.Mismatch, "have it sent again; "+comesFrom(want), "%s is no %s: it begins with zeros and nothing else", name, want)
	}
	return exit.New(exit.Failed, comesFrom(want)+"; have it sent again if it should be one",
		"%s is no %s: it begins like nothing that zapis writes", name, want)
}

// Sniff returns what a file with this beginning is, where it belongs, and what it is for an outside person; false
// where it is unknown.
func Sniff(begin []byte) (is, use string, to Party, known bool) {
	signed := statementKind(begin)
	for _, k := range kinds {
		if len(begin) >= k.at+len(k.begin) && claims(begin, k.begin, k.at) && k.says == signed {
			return k.is, k.use, k.party, true
		}
	}
	return "", "", 0, false
}

// KindOf is the kind of a file that begins so; empty where no verb takes one like it.
func KindOf(begin []byte) Kind {
	signed := statementKind(begin)
	for _, k := range kinds {
		if claims(begin, k.begin, k.at) && k.says == signed {
			return k.kind
		}
	}
	return ""
}

// claims says whether bytes begin so, or nearly so: a file that was damaged there still claims to be what it was.
func claims(b []byte, begin string, at int) bool {
	if len(b) <= at {
		return false
	}
	b = b[at:min(len(b), at+len(begin))]
	if len(b) < len(begin) {
		return bytes.HasPrefix([]byte(begin), b)
	}
	wrong := 0
	for i := range b {
		if b[i] != begin[i] {
			wrong++
		}
	}
	return wrong <= 1
}

// statementKind returns the kind of a signed statement; empty where it is unknown.
func statementKind(b []byte) string {
	m := signedKind().FindSubmatch(b)
	if m == nil || !claims(b, signedBegin, 0) {
		return ""
	}
	for _, k := range kinds {
		if k.says == string(m[1]) {
			return k.says
		}
	}
	return ""
}

// comesFrom returns which program makes a kind of file.
func comesFrom(want Kind) string {
	article := "a "
	if strings.ContainsRune("aeiou", rune(want[0])) {
		article = "an "
	}
	for _, k := range kinds {
		if k.kind == want {
			return article + string(want) + " is what " + k.from
		}
	}
	return ""
}
