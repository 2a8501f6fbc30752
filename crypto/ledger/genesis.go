package ledger

import (
	"strconv"

	"zapis/crypto/canonical"
	"zapis/crypto/card"
	"zapis/crypto/vkey"
)

const (
	genesisHeader  = "zapis/genesis/v1"
	genesisHeader2 = "zapis/genesis/v2"
)

// The versions of the rules by which a ledger is governed. A genesis of version 2
// brings the second; a ledger keeps those that it was made under.
const (
	Rules1 = 1 // a change needs the set's approvals, and takes effect with its entry
	Rules2 = 2 // docs/spec/ledger.md, "Governance, version 2"
)

// Delay is how many slots lie between a change's notice and its effect in a new
// ledger, unless its maker says otherwise; MaxDelay is the most.
const (
	Delay    = 3
	MaxDelay = 90
)

// SlotSize is how many entries each slot of a new ledger has, unless its maker says
// otherwise; MaxSlotSize is the most.
const (
	SlotSize    = 256
	MaxSlotSize = 1 << 16
)

// Genesis is the body of entry 0, which defines the ledger:
//
//	zapis/genesis/v1
//	origin example.org/ledger
//	nonce <64 hex>
//	log example.org/ledger+xxxxxxxx+<b64>       Ed25519 (C2SP signed-note, type 0x01)
//	log example.org/ledger+xxxxxxxx+<b64>       ML-DSA-44 (tlog-cosignature, type 0x06)
//	vocabulary 1                                from here: the set, as TrusteeSet has it
//	…
//	continues <origin> <genesis leaf> <size> <root>     only where an older ledger is continued
//
// Version 2, which is written where Rules is Rules2, has the header
// zapis/genesis/v2 and, after the log's keys:
//
//	delay 3                                     slots from a change's notice to its effect; 0: at once
//	slot-size 256                               entries in each slot; 0: filled up to a multiple of 32, as in version 1
type Genesis struct {
	Origin    string
	Nonce     Hash // random: no two ledgers are the same
	Log       LogKeys
	Rules     int // Rules1 (also where it is 0) or Rules2
	Delay     int // slots; 0 with Rules1
	SlotSize  int // entries; 0 with Rules1
	Set       TrusteeSet
	Continues *Continued // nil for a ledger that begins at nothing
}

// LogKeys are the log's two verifier keys (vkeys): Ed25519, then ML-DSA-44.
type LogKeys [2]string

// Continued names the last checkpoint of the ledger that this one continues.
type Continued struct {
	Origin  string
	Genesis Hash
	Size    uint64
	Root    Hash
}

// Marshal writes the genesis body. It does not check what it writes.
func (g Genesis) Marshal() []byte {
	header := genesisHeader
	if g.Rules == Rules2 {
		header = genesisHeader2
	}
	dst := []byte(header + "\norigin " + g.Origin + "\nnonce " + g.Nonce.String() + "\n")
	dst = g.Log.append(dst, "log")
	if g.Rules == Rules2 {
		dst = append(strconv.AppendInt(append(dst, "delay "...), int64(g.Delay), 10), '\n')
		dst = append(strconv.AppendInt(append(dst, "slot-size "...), int64(g.SlotSize), 10), '\n')
	}
	dst = g.Set.append(dst)
	if c := g.Continues; c != nil {
		dst = append(dst, "continues "+c.Origin+" "+c.Genesis.String()+" "+
			strconv.FormatUint(c.Size, 10)+" "+c.Root.String()+"\n"...)
	}
	return dst
}

func (k LogKeys) append(dst []byte, key string) []byte {
	return append(dst, key+" "+k[0]+"\n"+key+" "+k[1]+"\n"...)
}

// ParseGenesis reads a genesis body. An error names the line.
func ParseGenesis(text []byte) (Genesis, error) {
	r := canonical.NewReader(text, MaxSmall)
	var g Genesis
	if hasHeader(text, genesisHeader2) {
		g.Rules = Rules2
		r.Exact(genesisHeader2)
	} else {
		r.Exact(genesisHeader)
	}
	g.Origin = readOrigin(r)
	g.Nonce = r.Hash(r.Word("nonce"))
	g.Log = readLogKeys(r, "log", g.Origin)
	if g.Rules == Rules2 {
		g.Delay = int(r.Decimal(r.Word("delay"), MaxDelay))
		g.SlotSize = int(r.Decimal(r.Word("slot-size"), MaxSlotSize))
	}
	g.Set = readSet(r)
	if r.Has("continues") {
		w := r.Words("continues", 4)
		r.Check(card.CheckOrigin(w[0]))
		g.Continues = &Continued{w[0], r.Hash(w[1]), r.Decimal(w[2], MaxIndex), r.Hash(w[3])}
		if g.Continues.Size == 0 {
			r.Fail("a ledger of no entries can't be continued")
		}
	}
	return canonical.Done(r, "genesis", g)
}

// IsGenesis says whether a text is a genesis, of either version.
func IsGenesis(text []byte) bool {
	return hasHeader(text, genesisHeader) || hasHeader(text, genesisHeader2)
}

func readOrigin(r *canonical.Reader) string {
	origin := r.Word("origin")
	r.Check(card.CheckOrigin(origin))
	return origin
}

func readLogKeys(r *canonical.Reader, key, origin string) (k LogKeys) {
	for i, typ := range []byte{vkey.Ed25519, vkey.MLDSA44} {
		k[i] = r.Word(key)
		v, err := parseVKey(k[i], typ)
		r.Check(err)
		if v.Name != origin {
			r.Fail("the key's name is not the origin")
		}
	}
	return k
}

// Entry returns the ledger's first entry.
func (g Genesis) Entry() Entry {
	return Entry{Origin: g.Origin, Body: BodyOf(KindGenesis, 0, g.Marshal())}
}

// Card returns the ledger's card.
func (g Genesis) Card() card.LedgerCard {
	return card.LedgerCard{Origin: g.Origin, Genesis: g.Entry().LeafHash()}
}

// BodyOf returns the body of an entry that is no report or exhibit and whose
// one part is this file.
func BodyOf(k Kind, trustees uint64, file []byte) Body {
	return Body{Kind: k, Trustees: trustees, Parts: []Part{{PartBody, Sum(file), int64(len(file))}}}
}
