package timestamp

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"zapis/crypto/canonical"
)

func TestCheckDER(t *testing.T) {
	nested := func(n int) string { // n empty sequences in one another
		der := []byte{}
		for range n {
			der = append([]byte{0x30, byte(len(der))}, der...)
		}
		return hex.EncodeToString(der)
	}
	for _, c := range []struct{ name, der, want string }{
		{"null", "0500", ""},
		{"integer", "020180", ""},
		{"sequence", "3006020101040100", ""},
		{"33 levels", nested(33), ""},

		{"nothing", "", "it ends within an element"},
		{"half a header", "30", "it ends within an element"},
		{"cut", "300602", "an element is longer than what there is"},
		{"cut inside", "30020201", "an element is longer than what there is"},
		{"bytes after", "050000", "1 bytes follow its end"},
		{"34 levels", nested(34), "elements are nested more than 32 deep"},
		{"indefinite length", "30800000", "an element has an indefinite length, which DER does not allow"},
		{"length with a leading zero", "0482000100", "a length is not written in its shortest form"},
		{"long form of a short length", "04810100", "a length is not written in its shortest form"},
		{"length of four bytes", "048401000000", "an element is longer than what there is"},
		{"high tag number", "1f8000", "a tag number is above 30, which no part of a time stamp uses"},
		{"the audit's eleven bytes", "3009300302010030021f80", "a tag number is above 30, which no part of a time stamp uses"},
		{"end of contents", "0000", "an element of type 0 is not in its one encoding"},
		{"boolean 1", "010101", "an element of type 1 is not in its one encoding"},
		{"empty integer", "0200", "an element of type 2 is not in its one encoding"},
		{"integer with a leading zero", "02020001", "an element of type 2 is not in its one encoding"},
		{"integer with a leading ff", "0202ff80", "an element of type 2 is not in its one encoding"},
		{"empty bit string", "0300", "an element of type 3 is not in its one encoding"},
		{"eight unused bits", "030208ff", "an element of type 3 is not in its one encoding"},
		{"unused bits of nothing", "030101", "an element of type 3 is not in its one encoding"},
		{"null with content", "050100", "an element of type 5 is not in its one encoding"},
		{"empty OID", "0600", "an element of type 6 is not in its one encoding"},
		{"OID that does not end", "060186", "an element of type 6 is not in its one encoding"},
		{"OID with a leading 80", "06022a80", "an element of type 6 is not in its one encoding"},
		{"OID with an arc that begins with 80", "06032a8001", "an element of type 6 is not in its one encoding"},
		{"constructed octet string", "2403040100", "an element of type 4 is not encoded as DER wants it: primitive or constructed"},
		{"primitive sequence", "1000", "an element of type 16 is not encoded as DER wants it: primitive or constructed"},
	} {
		der, err := hex.DecodeString(c.der)
		if err != nil {
			t.Fatal(err)
		}
		err = checkDER(der)
		if c.want == "" && err != nil || c.want != "" && (err == nil || err.Error() != c.want || !errors.Is(err, canonical.ErrMismatch)) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

// The deepest and widest inputs that the size limit allows are read at once.
func TestCheckDERIsQuick(t *testing.T) {
	start := time.Now()
	deep := bytes.Repeat([]byte{0x30, 0x80}, MaxResponse/2)
	wide := append([]byte{0x30, 0x83, 3, 0xff, 0xfa}, bytes.Repeat([]byte{5, 0}, 0x3fffa/2)...)
	if err := checkDER(deep); err == nil {
		t.Error("131072 indefinite lengths: accepted")
	}
	if err := checkDER(wide); err != nil {
		t.Error(err)
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("%s", d)
	}
}

// Where a parser does fail, its input does not verify.
func TestGuarded(t *testing.T) {
	var none []int
	v, err := guarded(func() (int, error) { return none[3], nil })
	if v != 0 || !errors.Is(err, canonical.ErrMismatch) || !strings.HasPrefix(err.Error(), "it can't be read: the parser failed on it (runtime error: index out of range") {
		t.Errorf("%d, %v", v, err)
	}
	if v, err := guarded(func() (int, error) { return 5, nil }); v != 5 || err != nil {
		t.Errorf("%d, %v", v, err)
	}
}
