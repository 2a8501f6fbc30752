package command

import (
	"strings"

	"zapis/crypto/card"
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

// IsLedgerCards says whether a text begins as LedgerCards do.
func IsLedgerCards(given string) bool {
	return strings.HasPrefix(strings.TrimLeft(given, around), "zapis-ledger+")
}
