package web

import (
	"net/textproto"
	"testing"
)

func TestPartNamesAsBrowsersWriteThem(t *testing.T) {
	for in, want := range map[string]struct {
		field, file string
		isFile      bool
	}{
		`form-data; name="narrative"`:                                {"narrative", "", false},
		`form-data; name="file"; filename="evidence\"`:               {"file", `evidence\`, true},
		`form-data; name="file"; filename="a\|]b"`:                   {"file", `a\|]b`, true},
		`form-data; name="file"; filename="say %22no%22.txt"`:        {"file", `say "no".txt`, true},
		`form-data; name="file"; filename="a%0D%0Ab"`:                {"file", "a\r\nb", true},
		`form-data; name="file"; filename=""`:                        {"file", "", true},
		`form-data; name="file"; filename="a"; b.txt"`:               {"file", `a"; b.txt`, true},
		`form-data; name="file"; filename="100%.txt"`:                {"file", "100%.txt", true},
		`form-data; name="file"; filename="%41.txt"`:                 {"file", "%41.txt", true},
		`form-data; name="file"; filename="лист; копія=1.pdf"`:       {"file", "лист; копія=1.pdf", true},
		`form-data; filename="x"; name="file"`:                       {"file", "x", true},
		`form-data; name=file; filename=plain.txt`:                   {"file", "plain.txt", true},
		`Form-Data; NAME="file"; FileName="a"`:                       {"file", "a", true},
		`form-data; name="file"; filename="a"; filename*=UTF-8''%41`: {"file", "a", true},
		`attachment; filename="a"`:                                   {"", "", false},
		`form-data; name="broken`:                                    {"", "", false},
		`nonsense="`:                                                 {"", "", false},
		``:                                                           {"", "", false},
	} {
		h := textproto.MIMEHeader{"Content-Disposition": {in}}
		if field, file, isFile := partNames(h); field != want.field || file != want.file || isFile != want.isFile {
			t.Errorf("%s: %q %q %v, want %q %q %v", in, field, file, isFile, want.field, want.file, want.isFile)
		}
	}
}
