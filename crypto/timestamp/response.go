package timestamp

import (
	"encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	casn1 "golang.org/x/crypto/cryptobyte/asn1"

	"zapis/crypto/canonical"
)

// MaxResponse is the most bytes that a time-stamp response may have.
const MaxResponse = 256 << 10

// token is a parsed TimeStampToken, of which nothing is verified.
type token struct {
	signed *signedData
	info   *tstInfo
}

// parseResponse reads a response that was granted, and the token in it.
func parseResponse(response []byte) (*token, error) {
	raw, err := granted(response)
	if err != nil {
		return nil, err
	}
	return parseToken(raw)
}

// parseToken reads a token, which checkDER has checked.
func parseToken(der []byte) (t *token, err error) {
	t = new(token)
	if t.signed, err = parseSignedData(der); err != nil {
		return nil, err
	}
	if t.info, err = parseTSTInfo(t.signed.content); err != nil {
		return nil, err
	}
	return t, nil
}

// granted returns the token of a response that has granted it (RFC 3161,
// section 2.4.2), as DER.
func granted(response []byte) (token []byte, err error) {
	if len(response) > MaxResponse {
		return nil, canonical.Refuse("it has %d bytes, and at most %d are allowed", len(response), MaxResponse)
	}
	if err := checkDER(response); err != nil {
		return nil, canonical.Refuse("the response is not DER: %w", err)
	}
	if isRequest(response) {
		return nil, ErrRequest
	}
	if isToken(response) {
		return nil, ErrBareToken
	}
	input := cryptobyte.String(response)
	var in, status, found cryptobyte.String
	var code int
	if !input.ReadASN1(&in, casn1.SEQUENCE) || !in.ReadASN1(&status, casn1.SEQUENCE) || !status.ReadASN1Integer(&code) ||
		!status.SkipOptionalASN1(casn1.SEQUENCE) || !status.SkipOptionalASN1(casn1.BIT_STRING) || !status.Empty() {
		return nil, canonical.Refuse("the response can't be read: a status is expected")
	}
	switch {
	case code != 0 && code != 1:
		return nil, canonical.Refuse("the authority refused (status %d)", code)
	case in.Empty():
		return nil, canonical.Refuse("the response holds no token")
	case !in.ReadASN1Element(&found, casn1.SEQUENCE) || !in.Empty():
		return nil, canonical.Refuse("the response can't be read: a token is expected behind the status, and nothing after it")
	}
	return found, nil
}

// isToken reports whether DER is a ContentInfo with signed data.
func isToken(der []byte) bool {
	input := cryptobyte.String(der)
	var in cryptobyte.String
	var kind asn1.ObjectIdentifier
	return input.ReadASN1(&in, casn1.SEQUENCE) && in.ReadASN1ObjectIdentifier(&kind) && kind.Equal(oidSignedData)
}

// AsResponse returns a file that came from an authority as a response: itself,
// or where it is a bare token, without the status before it, a response that
// grants it. It verifies nothing else.
func AsResponse(file []byte) ([]byte, error) {
	return guarded(func() ([]byte, error) {
		if len(file) > MaxResponse || checkDER(file) != nil || !isToken(file) {
			return file, nil // Verify reports what is wrong with it
		}
		var b cryptobyte.Builder
		b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1Int64(0) })
			b.AddBytes(file)
		})
		return b.Bytes()
	})
}
