package seal

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"filippo.io/age"
	"filippo.io/age/tag"
)

// MaxTrustees is how many recipients one set may have.
const MaxTrustees = 255

// Recipients is a set of trustees' public keys in their order, and how many of
// them together open what is sealed to the set.
type Recipients struct {
	threshold int
	keys      []string
	natives   []native
	owner     atomic.Pointer[ownKey] // the last that owns has accepted
}

// ownKey is the key in software of one position.
type ownKey struct {
	id       *age.HybridIdentity
	position int
}

// native is a recipient with a known form of stanza.
type native interface {
	age.Recipient
	age.RecipientWithLabels
	fmt.Stringer
}

// NewRecipients accepts the threshold (1: each alone) and the recipients in
// the set's order: age1pq1… or, for keys in hardware, age1tagpq1…. Everything
// else is refused by name, wrapping ErrRecipient: classic keys would fall to a
// quantum computer, and a plugin is never started because of a string. Refused
// too: a key in any but its one spelling, a key named twice, more than
// MaxTrustees, a threshold outside 1..n.
func NewRecipients(threshold int, keys ...string) (*Recipients, error) {
	if len(keys) == 0 {
		return nil, refuse(ErrRecipient, "the set is empty")
	}
	if len(keys) > MaxTrustees {
		return nil, refuse(ErrRecipient, "%d keys, and a set has %d at most", len(keys), MaxTrustees)
	}
	if threshold < 1 || threshold > len(keys) {
		return nil, refuse(ErrRecipient, "a threshold of %d for %d keys; it must be between 1 and %d", threshold, len(keys), len(keys))
	}
	r := &Recipients{threshold: threshold, keys: slices.Clone(keys)}
	for i, key := range keys {
		n, err := parseRecipient(key)
		if err != nil {
			return nil, refuse(ErrRecipient, "key %d %w", i+1, err)
		}
		if j := slices.Index(keys[:i], key); j >= 0 {
			return nil, refuse(ErrRecipient, "keys %d and %d are the same", j+1, i+1)
		}
		r.natives = append(r.natives, n)
	}
	return r, nil
}

// parseRecipient never repeats the string in its errors: it may be a secret
// that was pasted into the wrong place.
func parseRecipient(key string) (native, error) {
	var n native
	switch lower := strings.ToLower(key); {
	case strings.HasPrefix(lower, "age1pq1"):
		if key != lower {
			return nil, fmt.Errorf("is not in lower case")
		}
		r, err := age.ParseHybridRecipient(key)
		if err != nil || r.String() != key {
			return nil, fmt.Errorf("is not a whole age1pq1 recipient; was it cut when it was copied?")
		}
		n = r
	case strings.HasPrefix(lower, "age1tagpq1"):
		if key != lower {
			return nil, fmt.Errorf("is not in lower case")
		}
		r, err := tag.ParseRecipient(key)
		if err != nil || r.String() != key {
			return nil, fmt.Errorf("is not a whole age1tagpq1 recipient; was it cut when it was copied?")
		}
		n = r
	case strings.HasPrefix(lower, "age-secret-key-"), strings.HasPrefix(lower, "age-plugin-"):
		return nil, fmt.Errorf("is a secret key, not a recipient")
	case strings.HasPrefix(lower, "age1tag1"):
		return nil, fmt.Errorf("is a classic hardware key (age1tag1…), not a post-quantum one (age1tagpq1…)")
	case strings.HasPrefix(lower, "ssh-"), strings.HasPrefix(lower, "ecdsa-"):
		return nil, fmt.Errorf("is a classic SSH key, not a post-quantum one (age1pq1…)")
	case strings.HasPrefix(lower, "age1") && strings.Contains(lower[4:], "1"):
		return nil, fmt.Errorf("is an age plugin's recipient; plugins are not started for what is received")
	case strings.HasPrefix(lower, "age1"):
		return nil, fmt.Errorf("is a classic key (age1…), not a post-quantum one (age1pq1…)")
	default:
		return nil, fmt.Errorf("is not an age1pq1 or age1tagpq1 recipient")
	}
	return n, nil
}

// Threshold returns how many trustees open a part together.
func (r *Recipients) Threshold() int { return r.threshold }

// Len returns how many trustees there are.
func (r *Recipients) Len() int { return len(r.keys) }

// Keys returns the recipients' strings in the set's order.
func (r *Recipients) Keys() []string { return slices.Clone(r.keys) }

// age returns what age.Encrypt is to seal to.
func (r *Recipients) age() []age.Recipient {
	if r.threshold > 1 {
		return []age.Recipient{&quorumRecipient{r}}
	}
	out := make([]age.Recipient, len(r.natives))
	for i, n := range r.natives {
		out[i] = n
	}
	return out
}
