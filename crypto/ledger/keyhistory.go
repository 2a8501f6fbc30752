package ledger

import (
	"bytes"
	"errors"

	"zapis/crypto/canonical"
)

// ErrLostKey is returned for a change of log keys that the old keys did not sign: the approvals of trustees alone say that it is
// genuine.
var ErrLostKey = errors.New("the log's keys were changed without the old ones, which were lost or are used by somebody else")

// MarshalKeyHistory writes the changes of a log's keys in their order, for readers who know no trustees: of each the text, a blank
// line, the keys' signature lines, and a blank line.
func MarshalKeyHistory(changes []Approved) (dst []byte) {
	for _, a := range changes {
		dst = append(append(dst, a.Text...), '\n')
		dst = append(append(dst, a.KeyLines...), '\n')
	}
	return dst
}

// FollowKeys gives the keys that a log has had, of which those in known are known, the genesis's at least. Each change after them
// must be signed by the keys before it, or its text must be vouched, which a trustee has handed over; ErrLostKey where neither
// holds.
func FollowKeys(origin string, known []LogKeys, history, vouched []byte) ([]LogKeys, error) {
	keys := known[:1:1]
	for len(history) > 0 {
		text, rest, ok := bytes.Cut(history, []byte("\n\n"))
		lines, rest, more := bytes.Cut(rest, []byte("\n\n"))
		if !ok || !more {
			return nil, canonical.Refuse("key history: no blank line after a text or its signatures")
		}
		text, lines, history = append(bytes.Clone(text), '\n'), append(bytes.Clone(lines), '\n'), rest
		k, err := ParseKeyChange(text)
		switch {
		case err != nil:
		case k.Origin != origin || k.Old != keys[len(keys)-1]:
			err = canonical.Refuse("it does not follow the change before it")
		default:
			err = checkKeyLines(k, text, lines)
		}
		if err != nil {
			return nil, canonical.Refuse("key history, change %d: %w", len(keys), err)
		}
		before := len(keys) < len(known) && known[len(keys)] == k.New
		if k.Reason != ReasonRotation && !before && !bytes.Equal(text, vouched) {
			return nil, ErrLostKey
		}
		keys = append(keys, k.New)
	}
	return keys, nil
}
