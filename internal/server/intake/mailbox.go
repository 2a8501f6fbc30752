package intake

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"filippo.io/age"

	"zapis/crypto/duty"
	"zapis/crypto/ledger"
	"zapis/crypto/reportcode"
	"zapis/crypto/seal"
	"zapis/internal/incident"
	"zapis/store"
)

// Mailbox is the content of a case for the holder of its code. It holds what trustees wrote to the reporter, and
// prints as "[mailbox]".
type Mailbox struct {
	Sent    []Sent  // what the reporter sent, in order
	Replies []Reply // what was answered, in order; answers from duty first
	Consent Consent // what is allowed now
}

// Sent is one submission of the case. The server cannot read its content.
type Sent struct {
	Act     incident.Act
	Day     time.Time // on which it came, UTC; zero where the ledger has no state of it
	Files   int       // that came with it
	Receipt []byte    // the C2SP tlog-proof; nil while it waits for its slot
}

// Reply is one answer.
type Reply struct {
	Text   string    // UTF-8, untrusted in how it is shown
	Day    time.Time // of the slot in which it entered the ledger, UTC; zero while it waits
	Erased bool      // the ledger has forgotten it; there is no text
	Broken bool      // what its trustee sealed does not open; there is no text

	Duty *duty.Answer // of somebody on duty: one of the fixed sentences, and no text; nil for a trustee's
}

// leastLooks is the least number of locators and of tags that are looked up, whatever exists.
const leastLooks = 16

// Mailbox opens the mailbox of a code, or returns ErrUnknownCode. A code with a case and one without take the same
// derivation, the same least number of look-ups, and at least the opening of one message and the making of one
// receipt; most of the time is the derivation.
func (in *Intake) Mailbox(ctx context.Context, c reportcode.Code) (*Mailbox, error) {
	keys, err := in.derive(ctx, c)
	if err != nil {
		return nil, err
	}
	defer keys.Wipe()
	sent, bodies, state, err := in.sent(ctx, keys)
	if err != nil {
		return nil, err
	}
	replies, err := in.replies(ctx, keys)
	if err != nil {
		return nil, err
	}
	answers, err := in.dutyAnswers(ctx, keys, bodies)
	if err != nil {
		return nil, err
	}
	if len(replies) == 0 {
		if err := in.decoy.open(); err != nil {
			return nil, err
		}
	}
	if len(sent) == 0 {
		genesis := in.store.Genesis().Entry().Body.Hash()
		if _, err := in.store.Receipt(genesis); err != nil {
			return nil, err
		}
		return nil, ErrUnknownCode
	}
	return &Mailbox{sent, append(answers, replies...), consentOf(state, sent)}, nil
}

// sent lists the submissions of a code with their bodies, and returns the state after the last of them.
func (in *Intake) sent(ctx context.Context, k *reportcode.Keys) (out []Sent, bodies []ledger.Hash, state reportcode.State, err error) {
	var last uint32
	for n := uint64(0); ; n++ {
		if err := ctx.Err(); err != nil {
			return nil, nil, state, err
		}
		box, ok, err := in.store.Locator(k.LocatorName(n))
		switch {
		case err != nil:
			return nil, nil, state, err
		case !ok && n >= leastLooks:
			return out, bodies, state, nil
		case !ok:
			continue
		}
		l, err := openLocator(k, n, box)
		if err != nil {
			return nil, nil, state, err
		}
		act, err := actOf(l.Act)
		if err != nil {
			return nil, nil, state, err
		}
		receipt, err := in.store.Receipt(l.Body)
		if err != nil && !errors.Is(err, store.ErrWaiting) {
			return nil, nil, state, fmt.Errorf("a submission has no receipt: %w", err)
		}
		bodies = append(bodies, l.Body)
		out = append(out, Sent{Act: act, Day: dayOf(l.state), Files: int(l.Exhibits - last), Receipt: receipt})
		last, state = l.Exhibits, l.state
	}
}

func (in *Intake) replies(ctx context.Context, k *reportcode.Keys) ([]Reply, error) {
	secret := k.TagSecret()
	defer clear(secret[:])
	var out []Reply
	for n := uint64(0); ; n++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		hash, body, err := in.store.Tagged(reportcode.ReplyTag(secret, n))
		switch {
		case errors.Is(err, store.ErrErased):
			out = append(out, Reply{Erased: true})
			continue
		case errors.Is(err, store.ErrUnknown) && n >= leastLooks:
			return out, nil
		case errors.Is(err, store.ErrUnknown):
			continue
		case err != nil:
			return nil, err
		}
		text, err := openReply(body, k.Identity())
		// A trustee's invalid reply must not lock a reporter out of their mailbox.
		out = append(out, Reply{Text: text, Day: in.entered(hash), Broken: err != nil})
	}
}

// dutyAnswers returns what somebody on duty has answered to the submissions, in their order. What does not verify is
// left out: it is none of the sentences that reporters are told of.
func (in *Intake) dutyAnswers(ctx context.Context, k *reportcode.Keys, bodies []ledger.Hash) ([]Reply, error) {
	secret := k.TagSecret()
	defer clear(secret[:])
	var out []Reply
	for _, body := range bodies {
		base := reportcode.DutyBase(secret, body)
		for n := uint64(0); n < reportcode.MaxDutyAnswers; n++ {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			hash, file, err := in.store.Tagged(reportcode.DutyTag(base, n))
			if errors.Is(err, store.ErrUnknown) {
				break
			}
			if errors.Is(err, store.ErrErased) {
				continue
			}
			if err != nil {
				return nil, err
			}
			if a, ok := in.openDuty(file, k.Identity(), body); ok {
				out = append(out, Reply{Duty: &a, Day: in.entered(hash)})
			}
		}
	}
	return out, nil
}

// openDuty opens the body of a duty entry. Its signature was verified when it was taken, with the duty cards that were in
// force then; here it must be one of any set of this ledger.
func (in *Intake) openDuty(file []byte, id age.Identity, body ledger.Hash) (duty.Answer, bool) {
	reply, err := ledger.ParseReply(file)
	if err != nil {
		return duty.Answer{}, false
	}
	message, err := seal.OpenBytes(seal.Message, bytes.NewReader(reply.Message), seal.DigestOf(reply.Message), id)
	if err != nil {
		return duty.Answer{}, false
	}
	a, _, err := duty.OpenAnswer(message, in.store.Card().Genesis, in.store.DutyCards())
	return a, err == nil && a.Report == body
}

// entered returns the day of the slot in which a body entered the ledger, or the zero time while it waits. The time is
// that of its checkpoint, which this ledger signed.
func (in *Intake) entered(body ledger.Hash) time.Time {
	receipt, err := in.store.Receipt(body)
	if err != nil {
		return time.Time{}
	}
	_, note, _, _, err := ledger.SplitReceipt(receipt)
	if err != nil {
		return time.Time{}
	}
	c, err := in.store.Verifier().OpenCheckpoint(note)
	if err != nil {
		return time.Time{}
	}
	return c.Time.UTC().Truncate(24 * time.Hour)
}

// openReply decrypts the message of a reply's body. The store has compared the body with the ledger; its signer was
// verified when it was accepted.
func openReply(body []byte, id age.Identity) (string, error) {
	signed, err := ledger.ParseSignedBody(body)
	if err != nil {
		return "", err
	}
	reply, err := ledger.ParseReply(signed.Content)
	if err != nil {
		return "", err
	}
	text, err := seal.OpenBytes(seal.Message, bytes.NewReader(reply.Message), seal.DigestOf(reply.Message), id)
	if err != nil {
		return "", err
	}
	defer clear(text)
	return strings.ToValidUTF8(string(text), "\uFFFD"), nil
}

// decoy is a message that is opened where a case has none, so that the time is the same.
type decoy struct {
	id     *age.HybridIdentity
	sealed []byte
}

// newDecoy panics where the machine has no randomness; nothing else can fail.
func newDecoy() *decoy {
	id, err := age.GenerateHybridIdentity()
	if err != nil {
		panic("intake: " + err.Error())
	}
	to, err := seal.NewRecipients(1, id.Recipient().String())
	if err != nil {
		panic("intake: " + err.Error())
	}
	var b bytes.Buffer
	if _, err := seal.Seal(&b, seal.Message, to, strings.NewReader("nobody has written yet")); err != nil {
		panic("intake: " + err.Error())
	}
	return &decoy{id, b.Bytes()}
}

func (d *decoy) open() error {
	text, err := seal.OpenBytes(seal.Message, bytes.NewReader(d.sealed), seal.DigestOf(d.sealed), d.id)
	clear(text)
	return err
}

// Format makes every verb of fmt print "[mailbox]".
func (Mailbox) Format(s fmt.State, _ rune) { fmt.Fprint(s, "[mailbox]") }

// LogValue makes slog print "[mailbox]".
func (Mailbox) LogValue() slog.Value { return slog.StringValue("[mailbox]") }

// Format makes every verb of fmt print "[reply]".
func (Reply) Format(s fmt.State, _ rune) { fmt.Fprint(s, "[reply]") }

// LogValue makes slog print "[reply]".
func (Reply) LogValue() slog.Value { return slog.StringValue("[reply]") }
