package store

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"zapis/internal/exit"
	"zapis/store/kv"
)

// A move ends with the passwords of the new place in the folder, and of no other. What zapisd.conf says beside the place stays.
func TestSwitchOverKeepsNoSecrets(t *testing.T) {
	const server = "# ours\nlisten = 127.0.0.1:8080\n"
	database := Place{Database: "postgres://u:one@host/x", Host: "h"}
	apart := Place{Database: "postgres://u:one@host/x", Attachments: "s3://key:two@host/bucket", Host: "h"}
	certificate := Place{Database: "postgres://u@other/x", Host: "h"}
	for _, test := range []struct {
		name     string
		from, to Place
		secrets  []string // that stay
	}{
		{"into a database", Place{}, database, []string{databaseSecret}},
		{"into a database and a bucket", Place{}, apart, []string{attachmentsSecret, databaseSecret}},
		{"back", apart, Place{}, nil},
		{"out of the bucket", apart, database, []string{databaseSecret}},
		{"to a database without a password", apart, certificate, nil},
		{"to a database with another password", database, Place{Database: "postgres://u:three@other/x", Host: "h"}, []string{databaseSecret}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			m := &move{ctx: t.Context(), dir: dir, aside: filepath.Join(dir, creatingName), from: test.from, to: test.to}
			for _, name := range []string{filepath.Join(dir, partsName), filepath.Join(m.aside, partsName)} {
				if err := os.MkdirAll(name, 0o700); err != nil {
					t.Fatal(err)
				}
			}
			write := func(path, text string) {
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			write(filepath.Join(dir, placeName), server)
			write(filepath.Join(m.aside, dbName), "new")
			if test.from.folder() {
				write(filepath.Join(dir, dbName), "old")
			} else if _, err := test.from.write(dir, dir); err != nil {
				t.Fatal(err)
			}
			if err := m.switchOver(); err != nil {
				t.Fatal(err)
			}
			var secrets []string
			for _, name := range []string{attachmentsSecret, databaseSecret} {
				if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
					secrets = append(secrets, name)
				}
			}
			if !slices.Equal(secrets, test.secrets) {
				t.Errorf("the secrets %q stay, want %q", secrets, test.secrets)
			}
			p, err := readPlace(dir)
			if p.Host = ""; err != nil || p.Database != test.to.Database || p.Attachments != test.to.Attachments {
				t.Errorf("the place is %+v, %v", p, err)
			}
			if others, err := otherLines(filepath.Join(dir, placeName)); err != nil || string(others) != server {
				t.Errorf("%v; beside the place zapisd.conf has\n%s", err, others)
			}
		})
	}
}

// A move back that ended before it removed the passwords does so when it is begun again.
func TestMoveBackBegunAgain(t *testing.T) {
	if cluster != nil {
		return // it is about a folder
	}
	dir := newFolder(t)
	for _, name := range []string{attachmentsSecret, databaseSecret} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	err := Move(t.Context(), dir, Place{}, nil)
	if err == nil || err.Error() != "the ledger is kept there already: ledger.db" || exit.StatusOf(err) != exit.Failed {
		t.Errorf("%v", err)
	}
	for _, name := range []string{attachmentsSecret, databaseSecret} {
		if _, err := os.Stat(filepath.Join(dir, name)); !os.IsNotExist(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A move between two databases that was cut off at any point of its end is finished by the same command: the folder then has the
// passwords of the new place, and no other. While zapisd.conf names the old place, the old place's passwords are there.
func TestMoveCutOff(t *testing.T) {
	if cluster != nil {
		return // it is about a folder
	}
	old := Place{Database: "postgres://u:one@127.0.0.1:1/x", Attachments: "s3://key:two@127.0.0.1:1/bucket?plain=1", Host: "h"}
	for _, to := range []Place{
		{Database: "postgres://u@127.0.0.1:1/y"},
		{Database: "postgres://u:three@127.0.0.1:1/y"},
		{Database: "postgres://u@127.0.0.1:1/y", Attachments: "s3://key:four@127.0.0.1:1/bucket?plain=1"},
	} {
		for cut := range 4 {
			dir := t.TempDir()
			m := &move{ctx: t.Context(), dir: dir, aside: filepath.Join(dir, creatingName), from: old, to: to}
			m.to.Host = "h"
			if _, err := old.write(dir, dir); err != nil {
				t.Fatal(err)
			}
			if err := os.Mkdir(m.aside, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := m.writeAside(); err != nil {
				t.Fatal(err)
			}
			want := old
			for _, name := range []string{placeName, databaseSecret, attachmentsSecret}[:cut] {
				aside := filepath.Join(m.aside, name)
				if info, err := os.Stat(aside); err != nil {
					t.Fatal(err)
				} else if info.Size() == 0 {
					if err := os.Remove(filepath.Join(dir, name)); err != nil {
						t.Fatal(err)
					}
					continue // and so the file aside is still there
				}
				if err := os.Rename(aside, filepath.Join(dir, name)); err != nil {
					t.Fatal(err)
				}
			}
			if cut > 0 {
				want = m.to
			}
			opens := map[string]func() error{
				"Open":         func() error { _, err := Open(dir, Config{}); return err },
				"OpenReadOnly": func() error { _, err := OpenReadOnly(dir); return err },
				"PlaceOf":      func() error { _, err := PlaceOf(dir); return err },
			}
			if left, err := os.ReadDir(m.aside); err != nil {
				t.Fatal(err)
			} else if cut == 0 || len(left) == 0 { // the old place is whole, or the new one
				opens = nil
			}
			for name, open := range opens {
				if err := open(); err == nil || exit.StatusOf(err) != exit.Failed || exit.AdviceOf(err).Code != exit.RepeatMove ||
					err.Error() != "a move of the ledger in "+dir+" was cut off before the passwords of its new place were there" {
					t.Errorf("%s, cut off after %d: %s: %v", to, cut, name, err)
				}
			}
			if err := Move(t.Context(), dir, to, nil); !errors.Is(err, kv.ErrUnavailable) {
				t.Errorf("%s, %d: %v", to, cut, err) // no server answers there
			}
			if got, err := readPlace(dir); err != nil || got != want {
				t.Errorf("%s, cut off after %d: the place is %+v, %v", to, cut, got, err)
			}
			for _, s := range want.secrets() {
				_, secret, err := splitSecret(s.address)
				if there := exists(filepath.Join(dir, s.secretName)); err != nil || there != (secret != "") {
					t.Errorf("%s, cut off after %d: %s is there: %v", to, cut, s.secretName, there)
				}
			}
		}
	}
}
