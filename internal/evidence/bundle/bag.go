package bundle

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"zapis/crypto/canonical"
	"zapis/internal/evidence/bundle/pdf"
)

// bagitText is bagit.txt (RFC 8493, section 2.1.1).
const bagitText = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"

// The versions of docs/spec/bundle.md: the newest is written, all are read.
const (
	version1 = 1 // zip entries without a date; the whole custody chain; VERIFY.txt and index.html not compared
	version2 = 2
)

// bagInfo is bag-info.txt (RFC 8493, section 2.2.2), in the one order we write:
//
//	Bag-Software-Agent: zapis 1.0.0
//	Bagging-Date: 2026-11-21
//	External-Description: Report c0123456789 with its proofs. Begin with VERIFY.txt.
//	External-Identifier: c0123456789
//	Payload-Oxum: 279164.31
//	Zapis-Bundle: 2
//	Zapis-Documents: 1          since version 2
//	Zapis-Forum: plain          since version 2
//	Zapis-Identity: withheld
//	Zapis-Made-At: 2026-11-21T20:47:45Z
//	Zapis-Signer: anna SHA256:aaaa…
type bagInfo struct {
	Tool        string // "zapis 1.0.0"
	Made        time.Time
	Case        string
	Bytes       int64 // of the payload
	Files       int   // of the payload
	Version     int
	Documents   int // which words and layout VERIFY.txt, the scripts, index.html and the PDFs have
	Forum       pdf.Forum
	Identity    bool // included
	Signer      string
	Fingerprint string
}

const (
	identityWithheld = "withheld"
	identityIncluded = "included"
	forumPlain       = "plain"
)

func (i bagInfo) marshal() []byte {
	identity := identityWithheld
	if i.Identity {
		identity = identityIncluded
	}
	forum := string(i.Forum)
	if i.Forum == pdf.ForumPlain {
		forum = forumPlain
	}
	b := fmt.Appendf(nil, `Bag-Software-Agent: %s
Bagging-Date: %s
External-Description: Report %s with its proofs. Begin with VERIFY.txt.
External-Identifier: %s
Payload-Oxum: %d.%d
Zapis-Bundle: %d
`, i.Tool, i.Made.Format(time.DateOnly), i.Case, i.Case, i.Bytes, i.Files, i.Version)
	if i.Version >= version2 {
		b = fmt.Appendf(b, "Zapis-Documents: %d\nZapis-Forum: %s\n", i.Documents, forum)
	}
	return fmt.Appendf(b, "Zapis-Identity: %s\nZapis-Made-At: %s\nZapis-Signer: %s %s\n",
		identity, i.Made.Format(timeLayout), i.Signer, i.Fingerprint)
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
	i.Version = int(r.Decimal(r.Word("Zapis-Bundle:"), 1<<20))
	if r.Err() == nil && i.Version != version1 && i.Version != version2 {
		r.Fail("this checker knows bundles of the versions 1 and 2 only")
	}
	if i.Version >= version2 {
		i.Documents = int(r.Decimal(r.Word("Zapis-Documents:"), 1<<20))
		if i.Forum = pdf.Forum(r.Word("Zapis-Forum:")); i.Forum == forumPlain {
			i.Forum = pdf.ForumPlain
		}
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
