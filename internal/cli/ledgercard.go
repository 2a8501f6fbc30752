package cli

import (
	"fmt"
	"io"
	"os"
	"strings"

	"zapis/crypto/card"
	"zapis/internal/exit"
)

// around is what editors and mail put around a line that people hand on: spaces, ends of lines as Windows writes them,
// and a byte order mark.
const around = " \t\r\n\ufeff"

// LedgerCards reads ledger cards as people hand them on, one a line; empty lines say nothing.
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

// LedgerCardFlag takes what --ledger was given: a ledger card's line, or the name of a file that has nothing else in
// it. It returns nil for nothing.
func LedgerCardFlag(given string) (*card.LedgerCard, error) {
	if given == "" {
		return nil, nil
	}
	if !IsLedgerCards(given) {
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
		return nil, exit.New(exit.Usage, "a ledger card is one line, as zapisd init printed it", "--ledger: %w", err)
	}
	return &cards[0], nil
}

// IsLedgerCards reports whether a text begins as LedgerCards do.
func IsLedgerCards(given string) bool {
	return strings.HasPrefix(strings.TrimLeft(given, around), "zapis-ledger+")
}

// beginning reads a file, but no more of it than one that holds a ledger card can have: it may be the carry file.
func beginning(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, Sniffed))
}
