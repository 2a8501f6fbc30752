package web

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"time"

	"zapis/crypto/reportcode"
	"zapis/internal/server/intake"
)

// A form that is sent twice, by a second tap or by a browser that retries, is one submission: the same hidden field
// with the same answers and files gets the same promise, and the same code, as long as the server keeps the result.
// The result is sealed under the hidden field and the content, so that only the sender of the same form can open it.
const (
	repeatLife  = 30 * time.Minute
	repeatBytes = 16 << 20
)

// once calls do, unless the same submission was stored before: then it returns that result.
func (s *server) once(sub *submission, do func() (intake.Result, error)) (intake.Result, error) {
	secret := sub.repeatSecret()
	if secret == nil {
		return do()
	}
	defer clear(secret)
	// The first copy may still be written to the disk while its connection is closed.
	unlock, err := s.repeating.Lock(sub.ctx, derive(secret, "lock"))
	if err != nil {
		return intake.Result{}, err
	}
	defer unlock()
	if packed, ok := s.repeats.get(secret, 0); ok {
		defer clear(packed)
		u := unpacker{packed}
		c, err := reportcode.Parse(u.text())
		return intake.Result{Code: c, Promise: slices.Clone([]byte(u.text()))}, err
	}
	result, err := do()
	if err != nil {
		return result, err
	}
	p := packer{make([]byte, 0, 64+len(result.Promise))}
	digits := codeDigits(result.Code)
	p.text(digits.String())
	digits.wipe()
	p.text(string(result.Promise))
	s.repeats.put(secret, p.b, [32]byte{}, repeatLife)
	clear(p.b)
	return result, nil
}

// repeatSecret returns the hidden field and a digest of everything else in the form; nil where the form has no hidden
// field of ours.
func (sub *submission) repeatSecret() []byte {
	nonce, err := hex.DecodeString(sub.nonce())
	if err != nil || len(nonce) == 0 {
		return nil
	}
	h := sha256.New()
	p := packer{make([]byte, 0, maxHeldBytes)}
	for _, name := range slices.Sorted(maps.Keys(sub.form)) {
		if name != "form" && name != "language" {
			p.text(name)
			p.texts(sub.form[name])
		}
	}
	h.Write(p.b)
	clear(p.b)
	if sub.draft != nil {
		files := sub.draft.Digest()
		h.Write(files[:])
	}
	return h.Sum(nonce)
}
