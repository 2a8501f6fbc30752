package seal

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"zapis/crypto/canonical"
	"zapis/crypto/reporterkey"
)

// The head of a statement of version 2 is in disclosure lines, so that a
// bundle proves it without a key. They come first, in this order.
const (
	fieldAct       = "act"
	fieldCase      = "case"
	fieldNumber    = "number"
	fieldReceived  = "received"
	fieldKey       = "reporter_key"
	fieldSignature = "reporter_signature"
)

var headFields = []string{fieldAct, fieldCase, fieldNumber, fieldReceived, fieldKey, fieldSignature}

// HeadFields returns the names of the head's lines in a statement of version
// 2, in their order.
func HeadFields() []string { return slices.Clone(headFields) }

// IsHead reports whether a field is one of HeadFields.
func IsHead(field string) bool { return slices.Contains(headFields, field) }

// committed reports whether a vocabulary's fields are those of a statement of
// version 2.
func committed(fields []string) bool { return len(fields) > 0 && fields[0] == fieldAct }

// Head is the metadata of a submission: in version 2 as disclosure lines, in
// version 1 as lines of the statement that have no commitments of their own.
type Head struct {
	Act      string
	Case     [32]byte                // body hash of the case's first report; zero in that report
	Number   uint64                  // of the reporter's submissions in the case, from 1; 0 in an exhibit and in version 1
	Received time.Time               // the server's clock, UTC, whole seconds
	Key      reporterkey.Fingerprint // of the reporter's signing keys; zero in an exhibit and in version 1
	// Signature is a block of package reporterkey over SignedText; nil where there
	// is none: in a first report, which nothing before it could be compared with,
	// in an exhibit, and in version 1.
	Signature []byte
}

// First reports whether the submission begins a case.
func (h *Head) First() bool { return h.Case == [32]byte{} }

// Values returns the head's committed values, without the signature.
func (h *Head) Values() map[string][]byte {
	values := map[string][]byte{
		fieldAct:      canonical.AppendString(nil, h.Act),
		fieldReceived: canonical.AppendString(nil, h.Received.UTC().Format(timeLayout)),
	}
	if !h.First() {
		values[fieldCase] = canonical.AppendString(nil, hex.EncodeToString(h.Case[:]))
	}
	if h.Number > 0 {
		values[fieldNumber] = canonical.AppendString(nil, strconv.FormatUint(h.Number, 10))
	}
	if h.Key != (reporterkey.Fingerprint{}) {
		values[fieldKey] = canonical.AppendString(nil, hex.EncodeToString(h.Key[:]))
	}
	return values
}

// SignedText returns what a reporter signs of a submission: the ledger, and
// the commitments of every line but the signature's own.
//
//	zapis/reporter/v1
//	ledger <leaf hash of the genesis, 64 hex>
//	commitments <SHA-256 of the listing without reporter_signature, 64 hex>
func SignedText(genesis [32]byte, l Listing) []byte {
	rest := slices.DeleteFunc(slices.Clone(l), func(c Commitment) bool { return c.Field == fieldSignature })
	sum := sha256.Sum256(rest.Marshal())
	return fmt.Appendf(nil, "zapis/reporter/v1\nledger %x\ncommitments %x\n", genesis, sum)
}

// Sign has a submission's lines signed, and puts the block into its line.
func Sign(lines []Line, genesis [32]byte, key *reporterkey.Key) error {
	at := slices.IndexFunc(lines, func(l Line) bool { return l.Field == fieldSignature })
	if at < 0 {
		return fmt.Errorf("seal: the vocabulary has no line for a signature")
	}
	block, err := key.Sign(SignedText(genesis, ListingOf(lines)))
	if err != nil {
		return err
	}
	lines[at].Value = canonical.AppendString(nil, base64.StdEncoding.EncodeToString(block))
	return nil
}

// Verify checks a submission's signature by the key that its case's first
// statement commits to. l is the submission's whole listing. Errors are those of
// package reporterkey; one without a signature has ErrSize.
func (h *Head) Verify(genesis [32]byte, l Listing, first reporterkey.Fingerprint) error {
	if h.Key != first {
		return reporterkey.ErrOtherKey
	}
	return reporterkey.Verify(first, SignedText(genesis, l), h.Signature)
}

// ParseHead reads a head from its six lines, by their names. Errors wrap
// ErrMismatch and name the field.
func ParseHead(line func(field string) (Line, bool)) (Head, error) {
	var h Head
	for _, p := range []struct {
		field string
		read  func(v string) error
	}{
		{fieldAct, h.readAct},
		{fieldCase, h.readCase},
		{fieldNumber, h.readNumber},
		{fieldReceived, h.readReceived},
		{fieldKey, h.readKey},
		{fieldSignature, h.readSignature},
	} {
		l, ok := line(p.field)
		if !ok {
			return Head{}, mismatch("%s: its line is missing", p.field)
		}
		var v string
		if !l.Null() && (json.Unmarshal(l.Value, &v) != nil || v == "") {
			return Head{}, mismatch("%s: not a string", p.field)
		}
		if err := p.read(v); err != nil {
			return Head{}, fmt.Errorf("%s: %w", p.field, err)
		}
	}
	return h, nil
}

func (h *Head) readNumber(v string) (err error) {
	if (v == "") != (h.Act == actExhibit) {
		return mismatch("empty in an exhibit, and only there")
	}
	if v == "" {
		return nil
	}
	h.Number, err = strconv.ParseUint(v, 10, 32)
	if err != nil || strconv.FormatUint(h.Number, 10) != v || h.Number == 0 {
		return mismatch("not a decimal number from 1")
	}
	if (h.Number == 1) != (h.Act == actReport) {
		return mismatch("a report is number 1 of its case, and nothing else is")
	}
	return nil
}

func (h *Head) readKey(v string) error {
	if (v == "") != (h.Act == actExhibit) {
		return mismatch("empty in an exhibit, and only there")
	}
	if v == "" {
		return nil
	}
	if err := readHex(h.Key[:], v); err != nil {
		return err
	}
	if h.Key == (reporterkey.Fingerprint{}) {
		return mismatch("no key has the fingerprint zero")
	}
	return nil
}

func (h *Head) readSignature(v string) error {
	if v == "" {
		return nil
	}
	if h.Act == actReport || h.Act == actExhibit {
		return mismatch("a report and an exhibit have none")
	}
	b, err := strictBase64.DecodeString(v)
	if err != nil || len(b) != reporterkey.BlockSize || bytes.ContainsAny([]byte(v), "\r\n") {
		return mismatch("not %d bytes in base64", reporterkey.BlockSize)
	}
	h.Signature = b
	return nil
}
