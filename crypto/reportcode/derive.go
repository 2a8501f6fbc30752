package reportcode

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/metrics"

	"filippo.io/age"
	"golang.org/x/crypto/argon2"

	"zapis/crypto/bech32"
	"zapis/crypto/reporterkey"
)

// The cost of one derivation: 19 MiB of memory, twice over, on one lane.
const (
	argonTime    = 2
	argonMemory  = 19 * 1024 // KiB
	argonThreads = 1

	// testMemory is the memory of NewTestDeriver, in KiB.
	testMemory = 64

	// atOnce bounds the memory that derivations take, and leaves one of them a
	// place when somebody else tries codes in bulk.
	atOnce = 2
)

// Deriver turns codes into keys for one ledger. It may be used by any number of
// goroutines: two derivations run at a time, the others queue.
type Deriver struct {
	salt   [32]byte
	memory uint32 // KiB
	slots  chan struct{}
}

// NewDeriver makes the deriver for the ledger of that origin: the same code
// has other keys elsewhere.
func NewDeriver(origin string) *Deriver { return newDeriver(origin, argonMemory) }

// NewTestDeriver makes a deriver of 64 KiB in place of 19 MiB, for tests of what uses codes. A code's keys are others than
// those of NewDeriver, and guessing a code costs three hundred times less: internal/rules holds that only tests call it.
func NewTestDeriver(origin string) *Deriver { return newDeriver(origin, testMemory) }

func newDeriver(origin string, memory uint32) *Deriver {
	return &Deriver{
		salt:   sha256.Sum256([]byte("zapis/code/v1\n" + origin + "\n")),
		memory: memory,
		slots:  make(chan struct{}, atOnce),
	}
}

// Derive makes the keys of a code; it takes some tens of milliseconds of one
// core. It returns ctx's error if that ends while the call still queues, and
// ErrLength for the zero Code.
func (d *Deriver) Derive(ctx context.Context, c Code) (*Keys, error) {
	if c.IsZero() {
		return nil, ErrLength
	}
	select {
	case d.slots <- struct{}{}:
		defer func() { <-d.slots }()
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting to derive a code's keys: %w", ctx.Err())
	}
	password := **c.d
	defer clear(password[:])
	master := argon2.IDKey(password[:], d.salt[:], argonTime, d.memory, argonThreads, 32)
	defer clear(master)
	if d.memory == argonMemory {
		defer collect()
	}
	return newKeys(master)
}

// collect has the 19 MiB of a derivation used again by the next one: left alone,
// the collector waits until there is as much garbage as there is memory in use.
// Where much more than that is in use it comes often enough by itself, and calling
// it would cost more than a derivation.
func collect() {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	if live[0].Value.Uint64() < 4*argonMemory<<10 {
		runtime.GC()
	}
}

// Keys are what a code unlocks. They print as "[keys]".
type Keys struct{ k hidden[keys] }

type keys struct {
	identity *age.HybridIdentity
	signing  *reporterkey.Key
	mailbox  [32]byte
	locator  [32]byte
}

func newKeys(master []byte) (*Keys, error) {
	seed, err := expand(master, "zapis/code/v1 identity")
	if err != nil {
		return nil, err
	}
	defer clear(seed[:])
	k := &keys{}
	if k.identity, err = hybridIdentity(seed); err != nil {
		return nil, err
	}
	if k.signing, err = signingKey(master); err != nil {
		return nil, err
	}
	if k.mailbox, err = expand(master, "zapis/code/v1 mailbox"); err != nil {
		return nil, err
	}
	if k.locator, err = expand(master, "zapis/code/v1 locator"); err != nil {
		return nil, err
	}
	return &Keys{hide(k)}, nil
}

// signingKey makes the key with which the reporter signs what follows a report.
func signingKey(master []byte) (*reporterkey.Key, error) {
	seed, err := hkdf.Key(sha256.New, master, nil, "zapis/code/v1 signing", reporterkey.SeedSize)
	if err != nil {
		return nil, fmt.Errorf("deriving a code's keys: %w", err)
	}
	defer clear(seed)
	return reporterkey.New(seed)
}

func expand(master []byte, info string) (out [32]byte, err error) {
	b, err := hkdf.Key(sha256.New, master, nil, info, len(out))
	if err != nil {
		return out, fmt.Errorf("deriving a code's keys: %w", err)
	}
	defer clear(b)
	return [32]byte(b), nil
}

// hybridIdentity makes the age identity of a seed. age has no public constructor
// from a seed; its text form is one. The error does not quote it.
func hybridIdentity(seed [32]byte) (*age.HybridIdentity, error) {
	text := bech32.Encode("age-secret-key-pq-", seed[:])
	defer clear(text)
	for i, c := range text {
		if 'a' <= c && c <= 'z' {
			text[i] = c - 'a' + 'A' // age writes secrets in capitals, and reads no others
		}
	}
	id, err := age.ParseHybridIdentity(string(text))
	if err != nil {
		return nil, fmt.Errorf("deriving a code's keys: age refused the identity's seed")
	}
	return id, nil
}

// Identity opens what is sealed to the reporter.
func (k *Keys) Identity() *age.HybridIdentity { return (*k.k).identity }

// Recipient returns the reporter's mailbox key, age1pq1…, to which replies are sealed.
func (k *Keys) Recipient() string { return (*k.k).identity.Recipient().String() }

// TagSecret returns the secret from which ReplyTag computes the replies' tags. It goes into the sealed statement, so
// that trustees can tag what they answer.
func (k *Keys) TagSecret() [32]byte { return (*k.k).mailbox }

// Signing returns the key with which the reporter signs follow-ups, changes of consent and withdrawals.
func (k *Keys) Signing() *reporterkey.Key { return (*k.k).signing }

// Wipe overwrites the mailbox secret, the locator key and the Ed25519 key, in all copies of k.
// The identity is age's own and can only be let go.
func (k *Keys) Wipe() {
	if s := (*k.k).signing; s != nil {
		s.Wipe()
	}
	**k.k = keys{}
}

// ReplyTag returns the tag of a case's n-th reply, from 0: HMAC-SHA256 under the mailbox secret of "reply" and n as
// eight bytes, big endian. Without the secret no two tags can be seen to belong together.
func ReplyTag(secret [32]byte, n uint64) [32]byte { return tagged(secret, "reply", n) }

// DutyBase returns what the tags of the answers to one submission from somebody on duty are computed from: HMAC-SHA256
// under the mailbox secret of "duty" and the submission's body hash. The server keeps it for an urgent submission, and
// can compute no other tag by it.
func DutyBase(secret, body [32]byte) [32]byte {
	mac := hmac.New(sha256.New, secret[:])
	mac.Write(append([]byte("duty"), body[:]...))
	return [32]byte(mac.Sum(nil))
}

// MaxDutyAnswers is how many answers from somebody on duty one submission has at most.
const MaxDutyAnswers = 16

// DutyTag returns the tag of the n-th answer, from 0: HMAC-SHA256 under the base of "duty answer" and n as eight
// bytes, big endian.
func DutyTag(base [32]byte, n uint64) [32]byte { return tagged(base, "duty answer", n) }

func tagged(key [32]byte, word string, n uint64) [32]byte {
	mac := hmac.New(sha256.New, key[:])
	mac.Write(binary.BigEndian.AppendUint64([]byte(word), n))
	return [32]byte(mac.Sum(nil))
}

const redactedKeys = "[keys]"

// Format makes every verb of fmt print "[keys]".
func (Keys) Format(s fmt.State, _ rune) { fmt.Fprint(s, redactedKeys) }

// String returns "[keys]".
func (Keys) String() string { return redactedKeys }

// LogValue makes slog print "[keys]".
func (Keys) LogValue() slog.Value { return slog.StringValue(redactedKeys) }

// MarshalText makes encoders of JSON, XML and the like write "[keys]".
func (Keys) MarshalText() ([]byte, error) { return []byte(redactedKeys), nil }
