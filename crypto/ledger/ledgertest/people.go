// Package ledgertest makes ledgers for tests: trustees with known keys, and a
// Builder that appends entries of every kind as a log and its trustees would.
// Only tests import it; everything in it is public, its private keys too.
package ledgertest

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"time"

	"filippo.io/age"
	"filippo.io/mldsa"
	"github.com/transparency-dev/formats/note"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/crypto/vkey"
)

// Origin names the ledgers that are made here.
const Origin = "example.org/ledger"

// Slot is the first slot's time; each checkpoint is a day after the one before.
var Slot = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

// Trustee is a test trustee with all their keys.
type Trustee struct {
	Card     card.Card
	Signer   *card.Signer
	Identity string // the age identity
}

var identities = []struct{ name, key string }{
	{"anna", "AGE-SECRET-KEY-PQ-1VNQ6UH7J7F79RZDSD4QTPH2SHDHLGGQSWKQDDQGX9FKU9708A6DSJ063U9"},
	{"boris", "AGE-SECRET-KEY-PQ-15HLYRPHQYAQSK8ATDFW7XJ50PZL93SMYW0QD0XYHSH36KMJSX20QLHECFA"},
	{"vera", "AGE-SECRET-KEY-PQ-1UC2WRY4ECJGX2H70ZS7LTPMAPKLMNKT79VKZ2YX4F3F8KH4FC0XSKDVD34"},
	{"dora", "AGE-SECRET-KEY-PQ-1CF0PHPURCXTPFPEN2GX8S867ER28TU079GPLH8XZT8X3PAK3HG2QUY3G3G"},
	{"egor", "AGE-SECRET-KEY-PQ-1HYU8QLDSVD9ZVV7HX45UXQS58SHQZGKG8PAL3JRAQYAS5RXRLA6QJC3EYW"},
}

// Trustees are anna, boris, vera, dora and egor, always with the same keys.
func Trustees() []Trustee {
	var all []Trustee
	for _, p := range identities {
		seed := sha256.Sum256([]byte("ledgertest ssh " + p.name))
		s, err := card.NewSigner(p.name, seed[:])
		must(err)
		id, err := age.ParseHybridIdentity(p.key)
		must(err)
		all = append(all, Trustee{s.Card(id.Recipient().String()), s, p.key})
	}
	return all
}

// Cards returns the cards of some trustees.
func Cards(of ...Trustee) []card.Card {
	var cards []card.Card
	for _, t := range of {
		cards = append(cards, t.Card)
	}
	return cards
}

// Key returns the n-th log key; the same n gives the same key.
func Key(n byte) *ledger.SigningKey {
	seed := bytes.Repeat([]byte{'k', n}, 32)
	k, err := ledger.GenerateSigningKey(Origin, bytes.NewReader(seed))
	must(err)
	return k
}

// SignEmpty returns a checkpoint over no entries with this root, signed with
// both of key 1's keys, as logs of others sign one before their first entry.
func SignEmpty(root ledger.Hash) []byte {
	seed := bytes.Repeat([]byte{'k', 1}, 32)
	ed := ed25519.NewKeyFromSeed(seed[:32])
	ml, err := mldsa.NewPrivateKey(mldsa.MLDSA44(), seed[32:])
	must(err)
	text := fmt.Sprintf("%s\n0\n%s\n", Origin, base64.StdEncoding.EncodeToString(root[:]))
	public := ml.PublicKey().Bytes()
	signer, err := note.NewMLDSASigner(vkey.EncodeMLDSA44Signer(Origin, public, seed[32:]))
	must(err)
	cosigned, err := signer.SignSubtree(uint64(Slot.Unix()), Origin, 0, 0, root[:])
	must(err)
	line := func(id uint32, signature []byte) string {
		return "— " + Origin + " " + base64.StdEncoding.EncodeToString(append(binary.BigEndian.AppendUint32(nil, id), signature...)) + "\n"
	}
	return []byte(text + "\n" + line(vkey.ID(Origin, append([]byte{vkey.Ed25519}, ed.Public().(ed25519.PublicKey)...)), ed25519.Sign(ed, []byte(text))) +
		line(vkey.ID(Origin, append([]byte{vkey.MLDSA44}, public...)), cosigned))
}

// Set returns a set of these trustees; the first is also on duty.
func Set(of ...Trustee) ledger.TrusteeSet {
	q := ledger.DefaultQuorum(len(of))
	return ledger.TrusteeSet{
		Vocabulary: 1,
		Quorum:     ledger.Quorum{Statement: 1, Attachment: 1, Identity: q},
		Approvals:  q,
		Trustees:   Cards(of...),
		Duty:       Cards(of[0]),
	}
}

// Genesis returns a genesis with anna, boris and vera, and log key 1.
func Genesis() ledger.Genesis {
	return ledger.Genesis{Origin: Origin, Nonce: ledger.Sum([]byte("ledgertest nonce")), Log: Key(1).Keys(), Set: Set(Trustees()[:3]...)}
}

func must(err error) {
	if err != nil {
		panic("ledgertest: " + err.Error())
	}
}
