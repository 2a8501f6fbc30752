package vault

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"

	"zapis/crypto/card"
	"zapis/internal/atomicfile"
	"zapis/internal/trustee/ledgercopy"
)

// The file verified holds what was found out when the imports were verified (ledgercopy.Verified), so that an opening need
// not compute chain and tree again: it reads all entries, and compares the hash of each import's. The owner signs it, since
// anyone who can write to the folder could make it. It names nothing that the imports do not.
//
//	-----BEGIN SSH SIGNATURE----- …       over the rest, in the namespace zapis-verified
//	zapis/verified/v1 <ledger card>
//	{"chain": …}
const (
	verifiedFile      = "verified"
	verifiedHeader    = "zapis/verified/v1 "
	namespaceVerified = "zapis-verified"
)

// readVerified returns what the owner's file says; nil where it is missing, damaged, or not the owner's: the imports are
// then verified again.
func (v *Vault) readVerified() *ledgercopy.Verified {
	if v.owner == nil {
		return nil
	}
	content, err := os.ReadFile(filepath.Join(v.dir, verifiedFile))
	if err != nil {
		return nil
	}
	signature, text, found := bytes.Cut(content, []byte(armorEnd))
	if !found || card.Verify(namespaceVerified, text, append(signature[:len(signature):len(signature)], armorEnd...), v.owner.SSH) != nil {
		return nil
	}
	head, list, _ := bytes.Cut(text, []byte("\n"))
	known := new(ledgercopy.Verified)
	if json.Unmarshal(list, known) != nil {
		return nil
	}
	ledger := card.LedgerCard{Origin: known.Chain.Origin, Genesis: known.Chain.Genesis}
	if string(head) != verifiedHeader+ledger.String() {
		return nil
	}
	return known
}

// KeepVerified stores that the imports were verified, unless that is known. It needs the key, and does nothing without it.
func (v *Vault) KeepVerified() error {
	if trusted, imports := v.copy.Trusts(); trusted == imports || v.key == nil || v.key.Card != *v.owner {
		return nil
	}
	list, err := json.Marshal(v.copy.Verified())
	if err != nil {
		return err
	}
	text := append([]byte(verifiedHeader+v.Ledger().String()+"\n"), list...)
	signature, err := v.key.Signer.Sign(namespaceVerified, text)
	if err != nil {
		return err
	}
	return atomicfile.WriteFile(filepath.Join(v.dir, verifiedFile), append(signature, text...), 0o600)
}
