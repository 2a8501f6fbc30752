package bundle

import "slices"

// trust compares the ledger, its keys and the signer with the trust anchors.
func (x *examination) trust() {
	if x.governance == nil || x.log == nil {
		return
	}
	if x.options.none() {
		x.NotProved = append([]string{Unproved}, x.NotProved...)
		return
	}
	own := x.governance.Card
	signer, _ := x.governance.signer(x.info.Signer)
	ledgerKnown := slices.Contains(x.options.Ledgers, own)
	logKnown := slices.Contains(x.options.Logs, x.log.Keys())
	signerKnown := slices.Contains(x.options.Cards, signer)
	for _, c := range x.options.Cards {
		if c.Name == signer.Name && !signerKnown {
			x.fault("the signer calls themselves %s, and the card of %s that you trust has other keys", signer.Name, c.Name)
			return
		}
	}
	switch {
	case ledgerKnown:
		x.Proved = append([]string{"This is the ledger that you trust: " + own.String()}, x.Proved...)
	case len(x.options.Ledgers) > 0:
		x.fault("this bundle is of the ledger %s, and that is none you trust", own)
		return
	case logKnown || signerKnown:
		x.NotProved = append([]string{"Whose ledger this is: you gave no ledger card. It calls itself " + own.String()}, x.NotProved...)
	default:
		x.fault("neither the log's keys nor its signer %s with the key %s are any you trust", signer.Name, signer.Fingerprint())
		return
	}
	if logKnown {
		x.prove("The checkpoint was signed with log keys that you trust.")
	} else if len(x.options.Logs) > 0 {
		x.notProve("Whose the log's keys are: they are none of those that you gave.")
	}
	if signerKnown {
		x.prove("The signer is the %s whose card you trust.", signer.Name)
	} else if len(x.options.Cards) > 0 {
		x.notProve("Who %s is: no card that you gave is theirs.", signer.Name)
	}
}
