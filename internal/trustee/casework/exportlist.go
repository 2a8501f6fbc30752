package casework

import (
	"fmt"
	"path/filepath"
	"strings"

	"zapis/crypto/canonical"
	"zapis/crypto/ledger"
	"zapis/internal/evidence/custody"
)

// The lists of cases of exports are in exports/, one file per list, sealed to the owner and named by the SHA-256 of
// its text. The event of the export names that hash as its source:
//
//	zapis/export/v1
//	case c5f0c91ab2e              one line for each, in order
const (
	exportsDir    = "exports"
	exportsHeader = "zapis/export/v1"
	maxExportList = 16 << 20
)

// WriteExportList stores which cases an export contains, before the event that names the list is recorded.
func (v *Trustee) WriteExportList(cases []string) (ledger.Hash, error) {
	text := []byte(exportsHeader + "\n")
	for _, id := range cases {
		text = fmt.Appendf(text, "case %s\n", id)
	}
	hash := ledger.Sum(text)
	return hash, v.WriteSealed(filepath.Join(exportsDir, hash.String()), text)
}

// exportedCases returns the cases of an export of many.
func (v *Trustee) exportedCases(e custody.Event) ([]string, error) {
	v.lazy.Lock()
	defer v.lazy.Unlock()
	if list, known := v.exports[e.In]; known {
		return list, nil
	}
	text, err := v.ReadSealed(filepath.Join(exportsDir, strings.TrimPrefix(filepath.Base(e.In), ".")))
	if err != nil {
		return nil, err
	}
	r := canonical.NewReader(text, maxExportList)
	r.Exact(exportsHeader)
	var list []string
	for r.More() {
		list = append(list, r.Word("case"))
	}
	if v.exports == nil {
		v.exports = make(map[string][]string)
	}
	v.exports[e.In] = list
	return list, r.End()
}
