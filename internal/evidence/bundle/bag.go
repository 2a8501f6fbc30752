package bundle

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"zapis/crypto/canonical"
)

// bagitText is bagit.txt (RFC 8493, section 2.1.1).
const bagitText = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"

// bundleVersion is the version of everything in docs/spec/bundle.md.
const bundleVersion = "1"

// bagInfo is bag-info.txt (RFC 8493, section 2.2.2), in the one order we write:
//
//	Bag-Software-Agent: zapis 1.0.0
//	Bagging-Date: 2026-11-21
//	External-Description: Report c0123456789 with its proofs. Begin with VERIFY.txt.
//	External-Identifier: c0123456789
//	Payload-Oxum: 279164.31
//	Zapis-Bundle: 1
//	Zapis-Identity: withheld
//	Zapis-Made-At: 2026-11-21T20:47:45Z
//	Zapis-Signer: anna SHA256:aaaa…
type bagInfo struct {
	Tool        string // "zapis 1.0.0"
	Made        time.Time
	Case        string
	Bytes       int64 // of the payload
	Files       int   // of the payload
	Identity    bool  // included
	Signer      string
	Fingerprint string
}

const (
	identityWithheld = "withheld"
	identityIncluded = "included"
)

func (i bagInfo) marshal() []byte {
	identity := identityWithheld
	if i.Identity {
		identity = identityIncluded
	}
	return fmt.Appendf(nil, `Bag-Software-Agent: %s
Bagging-Date: %s
External-Description: Report %s with its proofs. Begin with VERIFY.txt.
External-Identifier: %s
Payload-Oxum: %d.%d
Zapis-Bundle: %s
Zapis-Identity: %s
Zapis-Made-At: %s
Zapis-Signer: %s %s
`, i.Tool, i.Made.Format(time.DateOnly), i.Case, i.Case, i.Bytes, i.Files, bundleVersion, identity,
		i.Made.Format(timeLayout), i.Signer, i.Fingerprint)
}

func parseBagInfo(text []byte) (bagInfo, error) {
	var i bagInfo
	r := canonical.NewReader(text, 4<<10)
	i.Tool = r.Value("Bag-Software-Agent:")
	r.Value("Bagging-Date:")
	r.Value("External-Description:")
	i.Case = r.Word("External-Identifier:")
	bytes, files, _ := strings.Cut(r.Word("Payload-Oxum:"), ".")
	i.Bytes = int64(r.Decimal(bytes, 1<<62))
	i.Files = int(r.Decimal(files, 1<<30))
	if v := r.Word("Zapis-Bundle:"); r.Err() == nil && v != bundleVersion {
		r.Fail("this checker knows bundles of version %s only", bundleVersion)
	}
	i.Identity = r.Word("Zapis-Identity:") == identityIncluded
	i.Made = readTime(r, r.Word("Zapis-Made-At:"))
	signer := r.Words("Zapis-Signer:", 2)
	i.Signer, i.Fingerprint = signer[0], signer[1]
	if err := r.End(); err != nil {
		return bagInfo{}, err
	}
	if string(i.marshal()) != string(text) {
		return bagInfo{}, canonical.Refuse("it is not written the one way it may be")
	}
	return i, nil
}

// timeLayout is RFC 3339 in UTC with whole seconds.
const timeLayout = "2006-01-02T15:04:05Z"

func readTime(r *canonical.Reader, s string) time.Time {
	t, err := time.Parse(timeLayout, s)
	if r.Err() == nil && (err != nil || t.Format(timeLayout) != s) {
		r.Fail("not a time in UTC like 2026-11-21T20:47:45Z")
	}
	return t
}

// A manifest maps paths to SHA-256.
type manifest map[string][32]byte

// marshal writes the listing as sha256sum does, sorted by path.
func (m manifest) marshal() []byte {
	var b strings.Builder
	for _, path := range slices.Sorted(maps.Keys(m)) {
		fmt.Fprintf(&b, "%x  %s\n", m[path], path)
	}
	return []byte(b.String())
}

func parseManifest(text []byte) (manifest, error) {
	m := make(manifest)
	r := canonical.NewReader(text, maxText)
	last := ""
	for r.More() {
		line := r.Line()
		if r.Err() != nil {
			break
		}
		if len(line) < 67 || line[64:66] != "  " {
			r.Fail("not a SHA-256, two spaces and a path")
			break
		}
		path := line[66:]
		if path <= last {
			r.Fail("not in the order of paths, or twice")
			break
		}
		sum := r.Hash(line[:64])
		m[path], last = sum, path
	}
	return m, r.End()
}
