package check

import (
	"slices"
	"strings"

	"zapis/internal/exit"
)

// begins are the lines that something begins with which takes several.
var begins = []string{"zapis/card/v1", "zapis/genesis/v1", "zapis/genesis/v2", "-----BEGIN CERTIFICATE-----"}

// Paste takes a text in which things that are known stand one below the other:
// ledger cards, trustees' cards, a genesis, root certificates, keys. A log's
// two keys stand in lines of their own, with nothing between them.
func (t *Known) Paste(text string) error {
	const name = "what you pasted"
	var item []string
	flush := func() error {
		if len(item) == 0 {
			return nil
		}
		lines := strings.Join(item, "\n") + "\n"
		begin := item[0]
		item = nil
		used, err := t.Add(name, strings.NewReader(lines), int64(len(lines)))
		if err == nil && !used {
			err = exit.New(exit.Usage, "paste cards and keys only, whole lines, each kind apart from the next by an empty line",
				"%s: the line that begins “%s” is part of no card, genesis, key or root certificate", name, shortened(begin))
		}
		return err
	}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n\t ")
		ledgerCard := strings.HasPrefix(line, "zapis-ledger+")
		if line == "" || ledgerCard || slices.Contains(begins, line) {
			if err := flush(); err != nil {
				return err
			}
		}
		switch {
		case ledgerCard:
			if err := t.LedgerCard(line); err != nil {
				return err
			}
		case line != "":
			item = append(item, line)
		}
		if line == "-----END CERTIFICATE-----" {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

// shortened returns the beginning of a line, for a sentence about it.
func shortened(line string) string {
	runes := []rune(line)
	if len(runes) > 24 {
		return string(runes[:24]) + "…"
	}
	return line
}
