package check

import (
	"bytes"

	"zapis/internal/fault"
)

// sniffed is how many bytes tell what a file is.
const sniffed = 512

const checked = "a bundle (one .zip), a receipt, a promise or a checkpoint"

// others are files that people have beside those that are checked, and what
// each is for.
var others = []struct {
	begin  string
	is     string
	hint   string
	status fault.Status
}{
	{"age-encryption.org/v1\n-> scrypt ", "sealed with age under a passphrase", "open it first, with the program age: age -d -o bundle.zip FILE asks for the passphrase; then check bundle.zip", fault.KeyMissing},
	{"age-encryption.org/v1\n", "sealed with age", "open it first, with the program age and the key that it was sealed to: age -d -i KEY -o bundle.zip FILE; then check bundle.zip", fault.KeyMissing},
	{"-----BEGIN AGE ENCRYPTED FILE-----", "sealed with age", "open it first, with the program age and the key that it was sealed to: age -d -i KEY -o bundle.zip FILE; then check bundle.zip", fault.KeyMissing},
	{"zapis-ledger+", "a ledger card", trusted, fault.Usage},
	{"zapis/card/v1\n", "a trustee's card", trusted, fault.Usage},
	{"zapis/genesis/v1\n", "a ledger's genesis", trusted, fault.Usage},
	{"-----BEGIN CERTIFICATE-----", "a certificate", trusted, fault.Usage},
	{"BagIt-Version:", "one file out of an unpacked bundle", whole, fault.Usage},
	{"Bag-Software-Agent:", "one file out of an unpacked bundle", whole, fault.Usage},
	{"-----BEGIN SSH SIGNATURE-----", "one file out of an unpacked bundle, or some other signature", whole, fault.Usage},
	{"carry.txt\x00", "a carry file, from a ledger to its trustees", "it is not for third parties: zapis import reads it", fault.Usage},
	{"%PDF-", "a PDF", whole, fault.Mismatch},
}

const (
	trusted = "it is not what is checked, but what it is checked against: give it to --trust, and name the bundle, the receipt or the promise"
	whole   = "what can be checked is the whole bundle: give the .zip file that this came in, as you received it"
)

// other says what a file is that is none of those that are checked.
func other(name string, begin []byte) error {
	if len(begin) == 0 {
		return fault.New(fault.Mismatch, "have it sent or copied again: it was cut off on the way", "%s is empty: there is not one byte in it", name)
	}
	for _, o := range others {
		if bytes.HasPrefix(begin, []byte(o.begin)) {
			return fault.New(o.status, o.hint, "%s is %s; what is checked is "+checked, name, o.is)
		}
	}
	return fault.New(fault.Mismatch, "give the file as you received it, unopened and not converted; if this is that file, it was damaged: have it sent again",
		"%s is not "+checked+"; or it was one, and its beginning is damaged", name)
}
