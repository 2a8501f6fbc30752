package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"zapis/cmd/zapis-verify/check"
	"zapis/internal/cli"
	"zapis/internal/exit"
)

// A release is a folder with the list of its files' hashes and, where the list was put into a ledger, the bundle of that
// report (docs/guides/rebuild.md):
//
//	SHA256SUMS          as sha256sum writes it
//	SHA256SUMS.zip      a bundle in which SHA256SUMS is an attachment
const (
	releaseList   = "SHA256SUMS"
	releaseBundle = "SHA256SUMS.zip"

	maxReleaseList = 1 << 20 // bytes
)

// besideRelease are files of a release that its list does not name.
var besideRelease = []string{releaseList, releaseBundle, "SHA256SUMS.sig", "allowed_signers"}

var releaseLine = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^([0-9a-f]{64})  ([A-Za-z0-9][A-Za-z0-9._~+-]*)$`) })

// listed is a line of the list.
type listed struct{ sum, name string }

func isRelease(dir string) bool {
	info, err := os.Stat(filepath.Join(dir, releaseList))
	return err == nil && info.Mode().IsRegular()
}

// release checks that the list of a release is in the ledger by which its bundle verifies, and the files beside it by the list.
func (g *grammar) release(dir string, known *check.Known, s *cli.Streams) error {
	list, err := readAtMost(filepath.Join(dir, releaseList), maxReleaseList)
	if err != nil {
		return err
	}
	f, err := os.Open(filepath.Join(dir, releaseBundle))
	if errors.Is(err, fs.ErrNotExist) {
		return exit.New(exit.KeyMissing, "get it from where the release is, or check the list's signature: docs/guides/rebuild.md says how",
			"%s has no %s, by which its list of hashes would be known", dir, releaseBundle)
	}
	if err != nil {
		return check.Unreadable("", dir, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return check.Unreadable("", f.Name(), err)
	}
	v, err := g.check(f.Name(), f, info.Size(), known, nil, s)
	if err != nil {
		return g.refuse(s.Out, err)
	}
	if v.OK {
		if err := judgeRelease(&v, dir, list); err != nil {
			return err
		}
	}
	filing := check.Filing{Name: filepath.Join(filepath.Base(dir), releaseList), Size: int64(len(list)), SHA256: hashOf(list), Trusted: known.Names()}
	return g.report(s, v, filing, dir)
}

// judgeRelease adds to the verdict on the bundle what it says of the release.
func judgeRelease(v *check.Verdict, dir string, list []byte) error {
	exhibit := ""
	for _, name := range slices.Sorted(maps.Keys(v.Originals)) {
		if v.Originals[name] == sha256.Sum256(list) {
			exhibit = name
			break
		}
	}
	var proved []string
	if exhibit == "" {
		v.Faults = append(v.Faults, "no attachment of "+releaseBundle+" is this "+releaseList+", byte for byte: the bundle is of something else")
	} else {
		proved = append(proved, fmt.Sprintf("The list of hashes, %s, is the attachment %s of that report, byte for byte.", releaseList, exhibit))
	}
	lines, err := parseReleaseList(list)
	if err != nil {
		v.Faults = append(v.Faults, err.Error())
	}
	here := 0
	for _, l := range lines {
		path := filepath.Join(dir, l.name)
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			v.NotProved = append(v.NotProved, l.name+": it is in the list, and not in this folder.")
			continue
		}
		switch sum, err := hashFile(path); {
		case err != nil:
			return err
		case sum != l.sum:
			v.Faults = append(v.Faults, l.name+" has not the hash that the list has for it")
		default:
			here++
			proved = append(proved, l.name+" is as the list has it, byte for byte.")
		}
	}
	if here == 0 && len(v.Faults) == 0 {
		v.Faults = append(v.Faults, "no file that the list names is in this folder")
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		return check.Unreadable("", dir, err)
	}
	for _, f := range files {
		if !slices.Contains(besideRelease, f.Name()) && !slices.ContainsFunc(lines, func(l listed) bool { return l.name == f.Name() }) {
			v.NotProved = append(v.NotProved, fmt.Sprintf("%q: the list does not name it.", f.Name()))
		}
	}
	v.Proved = append(proved, v.Proved...)
	v.OK = len(v.Faults) == 0
	return nil
}

// parseReleaseList reads the lines that sha256sum writes; names have no folder.
func parseReleaseList(text []byte) (lines []listed, err error) {
	for line := range strings.Lines(string(text)) {
		m := releaseLine().FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		if m == nil || !strings.HasSuffix(line, "\n") {
			return nil, fmt.Errorf("%s line %d: not a hash, two spaces and a file's name", releaseList, len(lines)+1)
		}
		lines = append(lines, listed{m[1], m[2]})
	}
	return lines, nil
}

func readAtMost(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, check.Unreadable("", name, err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, check.Unreadable("", name, err)
	}
	if int64(len(text)) > limit {
		return nil, exit.New(exit.Mismatch, "", "%s has more than %d bytes", name, limit)
	}
	return text, nil
}

func hashOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// hashFile returns the SHA-256 of a file in hex.
func hashFile(name string) (string, error) {
	f, size, err := openFile(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum, err := hashBeside(f, size)()
	if err != nil {
		return "", check.Unreadable("", name, err)
	}
	return sum, nil
}
