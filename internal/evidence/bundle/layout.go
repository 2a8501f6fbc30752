package bundle

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"zapis/crypto/seal"
	"zapis/internal/evidence/bundle/pdf"
	"zapis/internal/evidence/filekind"
)

// The files of a bundle, without the top folder. The names are fixed: no reporter's input is in them.
const (
	bagitPath       = "bagit.txt"
	bagInfoPath     = "bag-info.txt"
	manifestPath    = "manifest-sha256.txt"
	tagManifestPath = "tagmanifest-sha256.txt"
	verifyPath      = "VERIFY.txt"
	scriptPath      = "verify.sh"
	powerShellPath  = "verify.ps1"
	signaturePath   = "signatures/tagmanifest-sha256.txt.sig"
	signersPath     = "trust/allowed_signers"
	recordPath      = "data/report/report.json"
	recordTextPath  = "data/report/report.txt"
	checkpointPath  = "data/ledger/checkpoint"
	receiptPath     = "data/ledger/receipt"
	promisePath     = "data/ledger/promise"
	custodyPath     = "data/custody/events.txt"
	listingName     = "commitments.txt"
	payload         = "data/"
	attachments     = "data/attachments/"
)

// disclosureFolder returns the folder of the commitments and disclosed lines of the n-th submission of the case, from
// 0.
func disclosureFolder(n int) string {
	if n == 0 {
		return "data/disclosure/"
	}
	return fmt.Sprintf("data/disclosure/follow-up-%02d/", n)
}

func entryPath(index uint64) string { return fmt.Sprintf("data/ledger/entries/%d.txt", index) }

func bodyPath(index uint64) string { return fmt.Sprintf("data/ledger/bodies/%d.txt", index) }

// receiptPathOf returns the path of the proof of the n-th submission's place.
func receiptPathOf(n int, index uint64) string {
	if n == 0 {
		return receiptPath
	}
	return publicReceiptPath(index)
}

func publicReceiptPath(index uint64) string { return fmt.Sprintf("data/ledger/receipts/%d", index) }

func promisePathOf(n int, body [32]byte) string {
	if n == 0 {
		return promisePath
	}
	return fmt.Sprintf("data/ledger/promises/%x", body)
}

// slotPaths returns the paths of the checkpoints before and of an entry's slot.
func slotPaths(index uint64) (before, own string) {
	folder := fmt.Sprintf("data/ledger/slots/%d-", index)
	return folder + "before.checkpoint", folder + "own.checkpoint"
}

// attachmentPath returns the path of an original. Bundles of version 1 use an older table of extensions: there the
// claimed one counts, if filekind can assign it.
func attachmentPath(version int, a seal.AttachmentValue, claimed string) string {
	stem := attachments + a.Exhibit + "."
	if ending, ok := strings.CutPrefix(claimed, stem); ok && version == version1 && filekind.GivenOut(ending) {
		return claimed
	}
	return stem + filekind.Extension(a.MediaType, a.Name)
}

// keyPath returns the path of a disclosed part, without its extension: .age for the ciphertext, .key for its file key.
// Exhibits are numbered through the whole case, statements as the disclosure folders are.
func keyPath(n int, part string) string {
	if part == partStatement && n > 0 {
		return fmt.Sprintf("data/keys/%s-%02d", part, n)
	}
	return "data/keys/" + part
}

const partStatement = "statement"

// shapes matches all paths that a bundle may contain. A file at one of them is checked later; any other is refused at
// once. The first bundle that is checked compiles it.
var shapes = sync.OnceValue(func() *regexp.Regexp {
	all := slices.Clone(shapesOfPaths)
	for _, path := range documentPaths(version2, documentsVersion) {
		all = append(all, regexp.QuoteMeta(path))
	}
	return regexp.MustCompile(`^(?:` + strings.Join(all, "|") + `)$`)
})

// shapesOfPaths are the regular expressions of shapes, but for the documents.
var shapesOfPaths = []string{
	`bagit\.txt`, `bag-info\.txt`, `manifest-sha256\.txt`, `tagmanifest-sha256\.txt`,
	`signatures/tagmanifest-sha256\.txt\.(?:sig|tsr)`, `trust/(?:allowed_signers|anchor-[0-9]{1,20}\.pem)`,
	`data/report/report\.(?:json|txt)`,
	`data/attachments/A[0-9]{2,5}\.[a-z0-9]{1,8}`,
	`data/disclosure/(?:follow-up-[0-9]{2,4}/)?(?:commitments\.txt|[a-z][a-z0-9_-]{0,40}\.json)`,
	`data/ledger/(?:checkpoint|receipt|promise)`,
	`data/ledger/(?:entries|bodies)/[0-9]{1,20}\.txt`,
	`data/ledger/anchors/[0-9]{1,20}\.(?:tsr|checkpoint|entry-[0-9]{1,20})`,
	`data/ledger/slots/[0-9]{1,20}-(?:before|own)\.checkpoint`,
	`data/ledger/receipts/[0-9]{1,20}`, `data/ledger/promises/[0-9a-f]{64}`,
	`data/custody/events\.txt`,
	`data/derived/(?:derived\.txt|(?:A[0-9]{2,5}|report)-[0-9]{1,4}\.[a-z0-9]{1,8})`,
	`data/keys/(?:statement(?:-[0-9]{2,4})?|A[0-9]{2,5})\.(?:age|key)`,
}

// streamed reports which files may be of any size. All others are read whole.
func streamed(path string) bool {
	return strings.HasPrefix(path, attachments) || strings.HasPrefix(path, derivedFolder) && path != derivedPath || strings.HasPrefix(path, "data/keys/") && strings.HasSuffix(path, ".age") ||
		strings.HasSuffix(path, ".pdf") || path == pdf.ScreenPath
}

// printable escapes a foreign file name for a sentence.
func printable(name string) string {
	var b strings.Builder
	for i := range len(name) {
		if c := name[i]; c > ' ' && c < 0x7f && c != '\\' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, `\x%02x`, c)
		}
		if i == 120 {
			b.WriteString("…")
			break
		}
	}
	return b.String()
}
