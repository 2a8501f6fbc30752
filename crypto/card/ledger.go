package card

import (
	"encoding/hex"
	"errors"
	"strings"

	"zapis/crypto/canonical"
)

// LedgerCard names a ledger, and is where trust in it starts. It is written on
// one line, to be printed, or read out over a telephone:
//
//	zapis-ledger+example.org/ledger+4f5c…
type LedgerCard struct {
	Origin  string
	Genesis [32]byte // the leaf hash of entry 0
}

const ledgerPrefix = "zapis-ledger+"

func (c LedgerCard) String() string {
	return ledgerPrefix + c.Origin + "+" + hex.EncodeToString(c.Genesis[:])
}

// ParseLedgerCard reads a ledger's card, with or without a line feed after it.
func ParseLedgerCard(s string) (LedgerCard, error) {
	rest, ok := strings.CutPrefix(strings.TrimSuffix(s, "\n"), ledgerPrefix)
	origin, digits, ok2 := strings.Cut(rest, "+")
	if !ok || !ok2 {
		return LedgerCard{}, canonical.Refuse("ledger card: it is written zapis-ledger+ORIGIN+HEX")
	}
	if err := CheckOrigin(origin); err != nil {
		return LedgerCard{}, canonical.Refuse("ledger card: %w", err)
	}
	genesis, err := canonical.ParseHash(digits)
	if err != nil {
		return LedgerCard{}, canonical.Refuse("ledger card: %w", err)
	}
	return LedgerCard{origin, genesis}, nil
}

var errOrigin = errors.New("an origin is like example.org/ledger: a host's name in lower case, then folders of a-z, 0-9, '.', '_', '~', '-', at most 200 bytes")

// CheckOrigin refuses what can't name a ledger. An origin is a URL without its
// scheme, as C2SP's tlog-checkpoint wants it: a host in lower case, perhaps
// with a port, then perhaps a path. It is the first line of every checkpoint
// and the name of the log's keys, so it has no space and no plus. What begins
// with "zapis/" is kept for our own texts.
func CheckOrigin(s string) error {
	if s == "" || len(s) > 200 || strings.HasPrefix(s, "zapis/") {
		return errOrigin
	}
	host, path, hasPath := strings.Cut(s, "/")
	host, port, hasPort := strings.Cut(host, ":")
	if hasPort && !onlyOf(port, "0123456789") || !onlyOf(host, lowerDigits+".-") || !separated(host, ".", "-") {
		return errOrigin
	}
	if hasPath && (!onlyOf(path, lowerDigits+"._~-/") || !separated(path, "/", "")) {
		return errOrigin
	}
	return nil
}

const lowerDigits = "abcdefghijklmnopqrstuvwxyz0123456789"

func onlyOf(s, set string) bool {
	for i := 0; i < len(s); i++ {
		if strings.IndexByte(set, s[i]) < 0 {
			return false
		}
	}
	return s != ""
}

// separated reports whether s splits at sep into pieces that are neither empty
// nor "." or "..", and that do not begin or end with edge.
func separated(s, sep, edge string) bool {
	for _, piece := range strings.Split(s, sep) {
		if piece == "" || piece == "." || piece == ".." {
			return false
		}
		if edge != "" && (strings.HasPrefix(piece, edge) || strings.HasSuffix(piece, edge)) {
			return false
		}
	}
	return true
}
