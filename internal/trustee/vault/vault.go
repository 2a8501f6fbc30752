// Package vault is a trustee's working folder: the ledger's ciphertext from carry files, each verified before it was
// imported, and the trustee's custody log. Opened content stays in memory, except what Extract and Bundle write.
//
//	vault.txt            zapis/vault/v1, or v2 from the first import with segments on
//	lock                 held by the process whose turn it is
//	owner.card           the trustee's card, once an identity was used
//	custody/log          every act, before it was done (internal/evidence/custody)
//	index, reviews       what list and show need, sealed to the owner; caches
//	cases                the same, so that one case can be found alone, and a list be read; a cache
//	index.more           what imports added to index and cases since
//	cases.more
//	verified             which imports were verified, signed by the owner; a cache
//	words                what the desk's search needs, sealed to the owner
//	imports/000001/      one import: entries, checkpoints, parts, segments of many small parts, what was waiting
//	said/                the owner's signed statements, sealed to them
//	notes/               private notes, sealed to the owner
//	desk/                the trustees' decisions about cases, sealed to the owner
//	outboxes/            records of outboxes, sealed to the owner
//	collected/           sealed parts of exhibits that are not in the ledger yet
//	heard/               statements of others, sealed to the owner
//	grants/              shares that others have granted, sealed to the owner
//	resealed/            keys of parts of old cases that others have handed on, sealed to the owner
//	incoming/            an import that is being verified; gone when it is not
//
// An import is committed by renaming one folder: it is there whole, or not at all. Opening a vault reads every entry,
// compares it with the hash of what was verified, and verifies the newest checkpoint again, so that a damaged disk is
// noticed. Where nothing says what was verified, or a hash is another one, chain and tree are verified again.
package vault

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"time"

	"zapis/crypto/card"
	"zapis/internal/atomicfile"
	"zapis/internal/atomicfile/filelock"
	"zapis/internal/evidence/custody"
	"zapis/internal/exit"
	"zapis/internal/trustee/ledgercopy"
)

const (
	versionLine   = "zapis/vault/v1\n"
	segmentedLine = "zapis/vault/v2\n" // some of its imports have segments, which an older program takes for missing parts

	versionFile = "vault.txt"
	lockFile    = "lock"
	ownerFile   = "owner.card"
	custodyFile = "custody/log"
	ImportsDir  = "imports"
	incomingDir = "incoming"
)

// Options are the options of Open.
type Options struct {
	Create bool                             // make the folder where there is none
	Now    func() time.Time                 // the clock of the custody log
	Tool   string                           // program and version, for the custody log
	Warn   func(format string, args ...any) // what must be said loudly and is no error; never nil

	Wait    time.Duration       // for another process to finish with the vault; 20 s where it is zero
	Waiting func(holder string) // told once where that takes longer than a second; may be nil
	Context context.Context     // of the process: its end ends every wait for another one; nil for none
}

// Vault is an open vault. It is not safe for concurrent use.
type Vault struct {
	Custody *custody.Log

	dir       string
	segmented bool // by its first file
	opts      Options
	lock      *filelock.Lock
	owner     *card.Card // nil as long as no identity was used
	key       *Key       // nil until Use
	copy      *ledgercopy.Copy
}

// Open opens a vault and takes its lock: status Failed where another process has it, Mismatch where its content does
// not verify.
func Open(dir string, o Options) (*Vault, error) {
	v := &Vault{dir: dir, opts: o}
	if err := v.enter(); err != nil {
		v.Close()
		return nil, err
	}
	return v, nil
}

func (v *Vault) enter() error {
	if err := v.found(); err != nil {
		return err
	}
	var err error
	if v.lock, err = takeLock(filepath.Join(v.dir, lockFile), v.opts); err != nil {
		return err
	}
	if err := v.version(); err != nil {
		return err
	}
	// The files of an interrupted import were never part of the vault.
	if err := os.RemoveAll(filepath.Join(v.dir, incomingDir)); err != nil {
		return err
	}
	if err := v.readOwner(); err != nil {
		return err
	}
	return v.read()
}

// read reads the custody log, and beside it the copy of the ledger: neither depends on the other, and each is read to its end.
func (v *Vault) read() error {
	loaded := make(chan error, 1)
	go func() {
		var err error
		v.copy, err = ledgercopy.Load(filepath.Join(v.dir, ImportsDir), v.readVerified())
		loaded <- err
	}()
	err := v.openCustody()
	return cmp.Or(err, <-loaded)
}

func (v *Vault) openCustody() error {
	var err error
	if v.Custody, err = custody.Open(filepath.Join(v.dir, custodyFile), v.opts.Now, v.Tool()); err != nil {
		return err
	}
	if v.Custody.Torn {
		v.opts.Warn("the last line of the custody log was not whole: what it was to record was not done. It is kept in %s.torn", custodyFile)
	}
	if v.owner == nil {
		return nil
	}
	return v.Custody.SetOwner(*v.owner)
}

// CheckFolder refuses a folder that is no vault; with create, one that can't become a vault either. It takes no lock, reads
// no key and makes nothing.
func CheckFolder(dir string, create bool) error {
	_, err := (&Vault{dir: dir, opts: Options{Create: create}}).look()
	return err
}

// look reports whether the folder is there, and refuses it as CheckFolder does.
func (v *Vault) look() (there bool, err error) {
	info, err := os.Stat(v.dir)
	switch {
	case err == nil && !info.IsDir():
		return true, exit.Advise(exit.Failed, exit.NameVaultFolder.With(), "%s is not a folder", v.dir)
	case err == nil:
		if _, err := os.Lstat(filepath.Join(v.dir, versionFile)); errors.Is(err, os.ErrNotExist) {
			return true, v.blank()
		}
		return true, nil
	case !errors.Is(err, os.ErrNotExist):
		return false, err
	case !v.opts.Create:
		return false, exit.Advise(exit.Failed, exit.MakeVault.With(), "there is no vault %s", v.dir)
	}
	if _, err := os.Stat(filepath.Dir(v.dir)); errors.Is(err, os.ErrNotExist) {
		return false, exit.Advise(exit.Failed, exit.MakeFolderOfVault.With(), "the folder %s, in which the vault would be, is not there", filepath.Dir(v.dir))
	}
	return false, nil
}

// found makes the folder where it is missing and may be made.
func (v *Vault) found() error {
	there, err := v.look()
	if err != nil || there {
		return err
	}
	if err := os.Mkdir(v.dir, 0o700); err != nil {
		return err
	}
	return atomicfile.SyncFolder(filepath.Dir(v.dir))
}

// blank refuses a folder that is no vault, unless it is empty, or holds what an interrupted creation has left. Nothing
// is written before that is known.
func (v *Vault) blank() error {
	if !v.opts.Create {
		return exit.Advise(exit.Failed, exit.MakeVault.With(), "%s is not a vault", v.dir)
	}
	others, err := os.ReadDir(v.dir)
	if err != nil {
		return err
	}
	for _, e := range others {
		aside, _ := filepath.Match("."+versionFile+".*", e.Name())
		if !aside && e.Name() != lockFile && e.Name() != "custody" && e.Name() != ImportsDir {
			return exit.New(exit.Failed, "name a new folder", "%s is not a vault, and not empty either", v.dir)
		}
	}
	return nil
}

// newerVersion is the first file of a vault that a later zapis made.
var newerVersion = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^zapis/vault/v([3-9]|[1-9][0-9]{1,3})\n$`) })

// Warn tells what must be said loudly and is no error.
func (v *Vault) Warn(format string, args ...any) { v.opts.Warn(format, args...) }

// version reads the vault's first file, or creates it in an empty folder.
func (v *Vault) version() error {
	name := filepath.Join(v.dir, versionFile)
	text, err := os.ReadFile(name)
	switch {
	case err == nil && (string(text) == versionLine || string(text) == segmentedLine):
		v.segmented = string(text) == segmentedLine
		return nil
	case err == nil && newerVersion().Match(text):
		return exit.Advise(exit.Failed, exit.UseNewerProgram.With(), "%s is not a vault that this program knows", v.dir)
	case err == nil:
		return exit.New(exit.Mismatch, "take this file back from a copy of the vault; it is the same in every vault", "%s: it is not the first file of a vault", name)
	case !errors.Is(err, os.ErrNotExist):
		return err
	}
	if err := v.blank(); err != nil {
		return err
	}
	for _, folder := range []string{"custody", ImportsDir} {
		if err := os.Mkdir(filepath.Join(v.dir, folder), 0o700); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
	}
	return atomicfile.WriteFile(name, []byte(versionLine), 0o600)
}

// mayBeSegmented makes the vault one that older programs refuse, before it has its first segment.
func (v *Vault) mayBeSegmented() error {
	if v.segmented {
		return nil
	}
	if err := atomicfile.WriteFile(filepath.Join(v.dir, versionFile), []byte(segmentedLine), 0o600); err != nil {
		return err
	}
	v.segmented = true
	return nil
}

// Close releases the lock of the vault.
func (v *Vault) Close() error {
	var err error
	if v.Custody != nil {
		err = v.Custody.Close()
	}
	if v.lock != nil {
		err = errors.Join(err, v.lock.Release())
	}
	return err
}

// Empty reports whether nothing was imported yet.
func (v *Vault) Empty() bool { return v.copy.Size() == 0 }

// Size returns the number of entries.
func (v *Vault) Size() uint64 { return v.copy.Size() }

// Ledger returns the card of the vault's ledger, once the vault is not empty.
func (v *Vault) Ledger() card.LedgerCard { return v.copy.Card() }

// Copy returns the vault's verified copy of the ledger. An import replaces it.
func (v *Vault) Copy() *ledgercopy.Copy { return v.copy }

// Dir returns the vault's folder.
func (v *Vault) Dir() string { return v.dir }

// Clock returns the time of the vault's clock.
func (v *Vault) Clock() time.Time { return v.opts.Now() }

// Now returns the time for what the owner writes: UTC, whole seconds.
func (v *Vault) Now() time.Time { return v.opts.Now().UTC().Truncate(time.Second) }

// Tool returns the program and its version, as custody events name them.
func (v *Vault) Tool() string { return v.opts.Tool }

// Key returns the key that Use has set; nil before.
func (v *Vault) Key() *Key { return v.key }

// Owner returns the card of the vault's trustee; nil while it is unknown.
func (v *Vault) Owner() *card.Card { return v.owner }

// By returns the author of the acts that the custody log records now.
func (v *Vault) By() custody.By { return v.key.by() }
