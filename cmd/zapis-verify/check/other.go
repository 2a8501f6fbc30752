package check

import (
	"zapis/internal/cli"
	"zapis/internal/exit"
)

const checked = "a bundle (one .zip), a receipt, a promise or a checkpoint"

const (
	whole  = "what can be checked is the whole bundle: give the .zip file that this came in, as you received it"
	opened = "open it first, with the program age"
)

// others are the files that people have beside those that are checked, and what
// to do with each. The hint of what is for trustees ends with what they do.
var others = map[cli.Party]struct {
	hint   string
	status exit.Status
}{
	cli.ToInside: {"it is not for third parties: ", exit.Usage},
	cli.ToTrust:  {"it is not what is checked, but what it is checked against: give it to --trust, and name the bundle, the receipt or the promise", exit.Usage},
	cli.OfBundle: {whole, exit.Usage},
	cli.ToRead:   {whole, exit.Mismatch},
	cli.ToUnlock: {opened + ": age -d -o bundle.zip FILE asks for the passphrase; then check bundle.zip", exit.KeyMissing},
	cli.ToOpen:   {opened + " and the key that it was sealed to: age -d -i KEY -o bundle.zip FILE; then check bundle.zip", exit.KeyMissing},
}

// other reports what a file is that is none of those that are checked.
func other(name string, begin []byte) error {
	if len(begin) == 0 {
		return exit.New(exit.Mismatch, "have it sent or copied again: it was cut off on the way", "%s is empty: there is not one byte in it", name)
	}
	is, use, to, _ := cli.Sniff(begin)
	if o, listed := others[to]; listed && is != "" {
		hint := o.hint
		if to == cli.ToInside {
			hint += use
		}
		return exit.New(o.status, hint, "%s is %s; what is checked is "+checked, name, is)
	}
	return exit.New(exit.Mismatch, "give the file as you received it, unopened and not converted; if this is that file, it was damaged: have it sent again",
		"%s is not "+checked+"; or it was one, and its beginning is damaged", name)
}
