package seal

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"math/bits"
	"slices"
	"testing"

	"filippo.io/age"
	"github.com/cloudflare/circl/group"
	"github.com/cloudflare/circl/math/polynomial"
	"github.com/cloudflare/circl/secretsharing"
)

// TestQuorum: every subset of every set of up to five opens when it has k members
// or more, and does not when it has fewer.
func TestQuorum(t *testing.T) {
	for n := 2; n <= 5; n++ {
		for k := 2; k <= n; k++ {
			content := fmt.Appendf(nil, "%d of %d", k, n)
			file, s := sealed(t, Identity, set(k, n), content)
			all := shares(t, file, slices.Collect(upTo(n))...)
			for subset := range 1 << n {
				some := map[int][]byte{}
				for p := 1; p <= n; p++ {
					if subset>>(p-1)&1 == 1 {
						some[p] = all[p]
					}
				}
				got, _, err := open(Identity, file, s.Ciphertext, QuorumIdentity(some))
				if bits.OnesCount(uint(subset)) >= k {
					if err != nil || !bytes.Equal(got, content) {
						t.Fatalf("%d of %d, shares %b: %q, %v", k, n, subset, got, err)
					}
					continue
				}
				refused(t, err, ErrQuorum, fmt.Sprintf("%d of %d trustees must grant their shares, and %d did", k, n, len(some)))
				if len(got) != 0 {
					t.Fatal("and something was written")
				}
			}
			for _, id := range people()[:n] {
				_, _, err := open(Identity, file, s.Ciphertext, id)
				refused(t, err, ErrQuorum, fmt.Sprintf("this part is under a quorum and opens with the shares of %d of %d trustees", k, n))
			}
		}
	}
}

func upTo(n int) func(func(int) bool) {
	return func(yield func(int) bool) {
		for i := 1; i <= n && yield(i); i++ {
		}
	}
}

// TestTooFewShares: one share fewer, combined by circl as if it sufficed,
// yields another secret.
func TestTooFewShares(t *testing.T) {
	d := newDealer(curve.RandomScalar(rand.Reader))
	dealt := d.shares(3, 5)
	for i := range dealt {
		for j := range i {
			two := map[int][]byte{i + 1: dealt[i][:], j + 1: dealt[j][:]}
			if got, err := recoverSecret(2, two); err != nil || got.IsEqual(d.secret) {
				t.Fatalf("shares %d and %d give the secret of 3 of 5, %v", i+1, j+1, err)
			}
			if _, err := recoverSecret(3, two); err == nil {
				t.Fatal("two shares were taken for three")
			}
		}
	}
}

// TestCirclIgnoresTheReader documents why deal.go evaluates the polynomial
// itself: circl's New could not deal the same shares again on this group.
func TestCirclIgnoresTheReader(t *testing.T) {
	secret := curve.NewScalar().SetUint64(7)
	deal := func() secretsharing.Share {
		return secretsharing.New(bytes.NewReader(make([]byte, 1024)), 1, secret).Share(1)[0]
	}
	if deal().Value.IsEqual(deal().Value) {
		t.Error("circl's New now reads its coefficients from the reader: say so in docs/spec/quorum.md")
	}
}

// dealtBy makes a part whose stanza the function makes.
func dealtBy(t *testing.T, r *Recipients, change func(q *quorumStanza, fileKey []byte)) []byte {
	t.Helper()
	return rawSeal(t, framed([]byte("x"), 1024-9, 1), recipientFunc(func(fileKey []byte) ([]*age.Stanza, error) {
		s, _, err := (&quorumRecipient{r}).WrapWithLabels(fileKey)
		if err != nil {
			return nil, err
		}
		q, err := parseQuorum(s[0])
		if err != nil {
			return nil, err
		}
		change(q, fileKey)
		return []*age.Stanza{q.marshal()}, nil
	}))
}

// put replaces share p, with its hash.
func (q *quorumStanza) put(t *testing.T, p int, share []byte) {
	t.Helper()
	file, _, err := sealShare(set(1, 3).natives[p-1], share)
	if err != nil {
		t.Fatal(err)
	}
	q.files[p-1], q.hashes[p-1] = file, shareHash(p, share)
}

// TestForgedShare: what a trustee grants is not what was sealed to them.
func TestForgedShare(t *testing.T) {
	file, s := sealed(t, Signal, set(2, 3), []byte("x"))
	other, _ := sealed(t, Signal, set(2, 3), []byte("x"))
	header, err := Header(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	for name, forgery := range map[string][]byte{
		"one bit":      flip(shares(t, file, 3)[3]),
		"another part": shares(t, other, 3)[3],
		"random":       random(32),
		"swapped":      shares(t, file, 2)[2],
		"short":        shares(t, file, 3)[3][:31],
		"long":         append(shares(t, file, 3)[3], 0),
		"empty":        nil,
	} {
		t.Run(name, func(t *testing.T) {
			says := "what trustee 3 granted is not the share that was sealed to them: it is forged, or belongs to another part"
			some := shares(t, file, 1)
			some[3] = forgery
			_, _, err := open(Signal, file, s.Ciphertext, QuorumIdentity(some))
			refused(t, err, ErrMismatch, says)
			some[2] = shares(t, file, 2)[2] // enough honest ones: the forgery is named all the same
			_, _, err = open(Signal, file, s.Ciphertext, QuorumIdentity(some))
			refused(t, err, ErrMismatch, says)
			refused(t, CheckShare(header, 3, forgery), ErrMismatch, "share 3 is not the one that was sealed to trustee 3")
		})
	}
	if err := CheckShare(header, 3, shares(t, file, 3)[3]); err != nil {
		t.Error(err)
	}
	refused(t, CheckShare(header, 4, nil), nil, "there is no position 4 in a set of 3 trustees")
	for _, p := range []int{-1, 0, 4} {
		some := shares(t, file, 1, 2)
		some[p] = some[1]
		_, _, err := open(Signal, file, s.Ciphertext, QuorumIdentity(some))
		refused(t, err, ErrMismatch, fmt.Sprintf("a share for position %d, in a quorum of 3 trustees", p))
	}
}

func flip(b []byte) []byte {
	b = bytes.Clone(b)
	b[0] ^= 1
	return b
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

// TestBadDeal: every trustee's own share opens and fits its hash, and yet they were
// not dealt from one secret as they must be: that is the intake's doing.
func TestBadDeal(t *testing.T) {
	r := set(2, 3)
	stray := curve.RandomScalar(rand.Reader)
	strayBytes := scalarBytes(stray)
	for _, c := range []struct {
		name   string
		change func(q *quorumStanza, fileKey []byte)
		says   string
	}{
		{"one share off the line", func(q *quorumStanza, _ []byte) { q.put(t, 3, strayBytes[:]) },
			"the shares were dealt wrongly by the intake: share "},
		{"coefficients of the dealer's own", func(q *quorumStanza, fileKey []byte) {
			d := newDealer(stray)
			copy(q.wrapped[:], wrapOnce(d.wrapKey(), fileKey))
			p := polynomial.New([]group.Scalar{stray, curve.RandomScalar(rand.Reader)})
			for i := range 3 {
				share := scalarBytes(p.Evaluate(curve.NewScalar().SetUint64(uint64(i + 1))))
				q.put(t, i+1, share[:])
			}
		}, "the shares were dealt wrongly by the intake: share 1 does not follow from the others"},
		{"a third needed in secret", func(q *quorumStanza, fileKey []byte) {
			d := newDealer(stray)
			copy(q.wrapped[:], wrapOnce(d.wrapKey(), fileKey))
			for i, share := range d.shares(3, 3) {
				q.put(t, i+1, share[:])
			}
		}, "the shares were dealt wrongly by the intake: share "},
		{"another key wrapped", func(q *quorumStanza, _ []byte) { q.wrapped[0] ^= 1 },
			"the shares were dealt wrongly by the intake: they do not open the file key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := dealtBy(t, r, c.change)
			if err := checkStanzas(bytes.NewReader(file), r); err != nil {
				t.Fatal("nobody alone can see it:", err)
			}
			for p := 1; p <= 3; p++ {
				if err := CheckOwn(bytes.NewReader(file), r, p, people()[p-1]); err != nil {
					t.Fatal("nobody alone can see it:", err)
				}
			}
			for _, pair := range [][]int{{1, 2}, {1, 3}, {2, 3}, {1, 2, 3}} {
				_, _, err := open(Signal, file, DigestOf(file), QuorumIdentity(shares(t, file, pair...)))
				refused(t, err, ErrMismatch, c.says)
			}
		})
	}

	// The right shares, and a wrong hash for that of a trustee who does not come: the part opens for those who say so, and
	// it names the trustee who was dealt wrongly.
	file := dealtBy(t, r, func(q *quorumStanza, _ []byte) { q.hashes[2][0] ^= 1 })
	two := shares(t, file, 1, 2)
	_, _, err := open(Signal, file, DigestOf(file), QuorumIdentity(two))
	refused(t, err, ErrMisdealt, "share 3 does not follow from the others, which do open the part")
	refused(t, err, ErrMismatch, "dealt wrongly by the intake")
	var told []int
	content, _, err := open(Signal, file, DigestOf(file), QuorumIdentityMisdealt(two, func(position int) { told = append(told, position) }))
	if err != nil || !bytes.HasPrefix(content, []byte("x")) || !slices.Equal(told, []int{3}) {
		t.Errorf("told of %v: %v", told, err)
	}
	file = dealtBy(t, r, func(q *quorumStanza, _ []byte) { q.hashes[2][0] ^= 1; q.wrapped[0] ^= 1 })
	_, _, err = open(Signal, file, DigestOf(file), QuorumIdentityMisdealt(shares(t, file, 1, 2), func(int) { t.Error("told of what does not open") }))
	refused(t, err, ErrMismatch, "the shares were dealt wrongly by the intake: share 3 does not follow from the others")

	// A share that is no number of the group at all.
	file = dealtBy(t, r, func(q *quorumStanza, _ []byte) { q.put(t, 2, bytes.Repeat([]byte{0xff}, 32)) })
	_, _, err = open(Signal, file, DigestOf(file), QuorumIdentity(shares(t, file, 1, 2)))
	refused(t, err, ErrMismatch, "the shares were dealt wrongly by the intake: share 2: it is not a reduced scalar of ristretto255")

	// The same wrapped key, but another file key in the end: the MAC sees it.
	file = dealtBy(t, r, func(q *quorumStanza, _ []byte) {
		d := newDealer(stray)
		copy(q.wrapped[:], wrapOnce(d.wrapKey(), random(fileKeySize)))
		for i, share := range d.shares(2, 3) {
			q.put(t, i+1, share[:])
		}
	})
	_, _, err = open(Signal, file, DigestOf(file), QuorumIdentity(shares(t, file, 1, 2)))
	refused(t, err, ErrMismatch, "the header's MAC does not fit")
}

// TestLabels: post-quantum and classic don't mix, not even through our stanza.
func TestLabels(t *testing.T) {
	x, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := age.Encrypt(io.Discard, &quorumRecipient{set(2, 3)}, x.Recipient()); err == nil {
		t.Error("age mixed a quorum of post-quantum keys with a classic one")
	}
	_, labels, err := (&quorumRecipient{set(2, 3)}).WrapWithLabels(make([]byte, 16))
	if err != nil || !slices.Equal(labels, []string{"postquantum"}) {
		t.Errorf("%v, %v", labels, err)
	}
}

func TestShareFile(t *testing.T) {
	file, _ := sealed(t, Identity, set(2, 3), []byte("x"))
	header, err := Header(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if k, n, err := Quorum(header); k != 2 || n != 3 || err != nil {
		t.Errorf("%d of %d, %v", k, n, err)
	}
	for p := 1; p <= 3; p++ {
		f, err := ShareFile(header, p)
		if err != nil {
			t.Fatal(err)
		}
		in, err := age.Decrypt(bytes.NewReader(f), people()[p-1])
		if err != nil {
			t.Fatal(err)
		}
		share, err := io.ReadAll(in)
		if err != nil || !bytes.Equal(share, shares(t, file, p)[p]) {
			t.Errorf("share %d: %x, %v", p, share, err)
		}
		_, err = OpenShare(bytes.NewReader(file), p, people()[p%3])
		refused(t, err, ErrNoKey, fmt.Sprintf("share %d does not open with the key that was given", p))
	}
	for _, p := range []int{-1, 0, 4} {
		_, err := ShareFile(header, p)
		refused(t, err, nil, fmt.Sprintf("there is no position %d in a set of 3 trustees", p))
		_, err = OpenShare(bytes.NewReader(file), p, people()[0])
		refused(t, err, nil, fmt.Sprintf("there is no position %d in a set of 3 trustees", p))
	}
	native, _ := sealed(t, Identity, set(1, 3), []byte("x"))
	header, err = Header(bytes.NewReader(native))
	if err != nil {
		t.Fatal(err)
	}
	if k, n, err := Quorum(header); k != 1 || n != 3 || err != nil {
		t.Errorf("%d of %d, %v", k, n, err)
	}
	_, err = ShareFile(header, 1)
	refused(t, err, ErrMismatch, "this part is not under a quorum")
}
