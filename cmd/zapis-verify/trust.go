package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"

	"zapis/cmd/zapis-verify/check"
	"zapis/internal/escape"
	"zapis/internal/exit"
)

// readTrust reads what --trust names: ledger cards, files and folders.
func readTrust(names []string, talk io.Writer) (*check.Known, error) {
	known := new(check.Known)
	for _, name := range names {
		if strings.HasPrefix(name, "zapis-ledger+") {
			if err := known.LedgerCard(name); err != nil {
				return nil, err
			}
			continue
		}
		info, err := os.Stat(name)
		if err != nil {
			return nil, exit.New(exit.Usage, "give a ledger card (it begins with zapis-ledger+), a file or a folder", "%w", check.Unreadable("--trust: ", name, err))
		}
		if info.IsDir() {
			if err := readFolder(known, name, talk); err != nil {
				return nil, err
			}
			continue
		}
		used, err := readKnown(known, name)
		if err != nil {
			return nil, err
		}
		if !used {
			return nil, exit.New(exit.Mismatch, "it takes a ledger card, a trustee's card, a genesis, keys, root certificates, an older checkpoint or receipt, or a bundle together with its ledger's card",
				"--trust: %s holds nothing that can be trusted", name)
		}
	}
	if len(names) == 0 {
		return known, nil
	}
	return known, known.Enough()
}

// readFolder reads every file of a folder, and says of which it made no use.
func readFolder(known *check.Known, name string, talk io.Writer) error {
	files, err := os.ReadDir(name)
	if err != nil {
		return check.Unreadable("--trust: ", name, err)
	}
	for _, file := range files {
		path := filepath.Join(name, file.Name())
		if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
			continue
		}
		used, err := readKnown(known, path)
		if err != nil {
			return err
		}
		if !used {
			escape.Fprintf(talk, "zapis-verify: %s: %s\n", path, check.NotUsed)
		}
	}
	return nil
}

func readKnown(known *check.Known, name string) (bool, error) {
	f, err := os.Open(name)
	if err != nil {
		return false, check.Unreadable("--trust: ", name, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return false, err
	}
	return known.Add(name, f, info.Size())
}
