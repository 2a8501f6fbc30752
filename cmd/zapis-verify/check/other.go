package check

import (
	"zapis/internal/command"
	"zapis/internal/fault"
)

const checked = "a bundle (one .zip), a receipt, a promise or a checkpoint"

const (
	whole  = "what can be checked is the whole bundle: give the .zip file that this came in, as you received it"
	opened = "open it first, with the program age"
)

// others are the files that people have beside those that are checked, and what
// to do with each. The hint of what is for trustees ends with what they do.
var others = map[command.Party]struct {
	hint   string
	status fault.Status
}{
	command.ToInside: {"it is not for third parties: ", fault.Usage},
	command.ToTrust:  {"it is not what is checked, but what it is checked against: give it to --trust, and name the bundle, the receipt or the promise", fault.Usage},
	command.OfBundle: {whole, fault.Usage},
	command.ToRead:   {whole, fault.Mismatch},
	command.ToUnlock: {opened + ": age -d -o bundle.zip FILE asks for the passphrase; then check bundle.zip", fault.KeyMissing},
	command.ToOpen:   {opened + " and the key that it was sealed to: age -d -i KEY -o bundle.zip FILE; then check bundle.zip", fault.KeyMissing},
}

// other says what a file is that is none of those that are checked.
func other(name string, begin []byte) error {
	if len(begin) == 0 {
		return fault.New(fault.Mismatch, "have it sent or copied again: it was cut off on the way", "%s is empty: there is not one byte in it", name)
	}
	is, use, to, _ := command.Sniff(begin)
	if o, listed := others[to]; listed && is != "" {
		hint := o.hint
		if to == command.ToInside {
			hint += use
		}
		return fault.New(o.status, hint, "%s is %s; what is checked is "+checked, name, is)
	}
	return fault.New(fault.Mismatch, "give the file as you received it, unopened and not converted; if this is that file, it was damaged: have it sent again",
		"%s is not "+checked+"; or it was one, and its beginning is damaged", name)
}
