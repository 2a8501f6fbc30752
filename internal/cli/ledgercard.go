package cli

import (
	"fmt"
	"io"
	"os"
	"strings"

	"zapis/crypto/card"
	"zapis/internal/exit"
)

// around are characters that editors and mail add around a line: spaces, line ends of Windows, and a byte order mark.
const around = " \t\r\n\ufeff"

// LedgerCards parses ledger cards, one per line; empty lines are skipped.
func LedgerCards(given string) ([]card.LedgerCard, error) {
	var cards []card.LedgerCard
	for line := range strings.Lines(strings.Trim(given, around)) {
		if line = strings.Trim(line, around); line == "" {
			continue
		}
		c, err := card.ParseLedgerCard(line)
		if err != nil {
			return nil, err
		}
		cards = append(cards, c)
	}
	return cards, nil
}

// LedgerCardFlag parses the value of --ledger: a ledger card's line, or the name of a file with nothing else in it. It
// returns nil for an empty value. A line that is no card is wrong usage; a file that holds none does not verify.
func LedgerCardFlag(given string) (*card.LedgerCard, error) {
	if given == "" {
		return nil, nil
	}
	wrong := exit.Usage
	if !IsLedgerCards(given) {
		wrong = exit.Mismatch
		text, err := beginning(given)
		if err != nil {
			return nil, exit.New(exit.Usage, "a ledger card begins with zapis-ledger+", "--ledger: %w", err)
		}
		given = string(text)
	}
	cards, err := LedgerCards(given)
	if err == nil && len(cards) != 1 {
		err = fmt.Errorf("%d ledger cards, where one is wanted", len(cards))
	}
	if err != nil {
		return nil, exit.New(wrong, "a ledger card is one line, as zapisd init printed it", "--ledger: %w", err)
	}
	return &cards[0], nil
}

// IsLedgerCards reports whether a text begins as LedgerCards do.
func IsLedgerCards(given string) bool {
	return strings.HasPrefix(strings.TrimLeft(given, around), "zapis-ledger+")
}

// beginning reads at most as many bytes of a file as a ledger card can have: it may be the carry file.
func beginning(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, Sniffed))
}
