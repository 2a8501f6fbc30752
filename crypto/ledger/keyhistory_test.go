package ledger_test

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
)

// A history of a rotation, then of a change without the old keys, to which a reader comes with what it knows.
func TestFollowKeys(t *testing.T) {
	first, second, third := ledgertest.Key(1), ledgertest.Key(2), ledgertest.Key(3)
	change := func(from, to *ledger.SigningKey, reason string, by ...*ledger.SigningKey) ledger.Approved {
		text := ledger.KeyChange{Origin: ledgertest.Origin, After: ledger.Sum(nil), Old: from.Keys(), New: to.Keys(), Reason: reason}.Marshal()
		return ledger.Approved{Text: text, KeyLines: ledgertest.KeyLines(text, by...)}
	}
	rotation := change(first, second, ledger.ReasonRotation, second, first)
	lost := change(second, third, ledger.ReasonCompromised, third)
	history := ledger.MarshalKeyHistory([]ledger.Approved{rotation, lost})
	one, two, three := []ledger.LogKeys{first.Keys()}, []ledger.LogKeys{first.Keys(), second.Keys()}, []ledger.LogKeys{first.Keys(), second.Keys(), third.Keys()}

	for _, c := range []struct {
		about            string
		known            []ledger.LogKeys
		history, vouched []byte
		want             []ledger.LogKeys
		err              error
	}{
		{"nothing changed", one, nil, nil, one, nil},
		{"a rotation", one, ledger.MarshalKeyHistory([]ledger.Approved{rotation}), nil, two, nil},
		{"lost keys, and no word of a trustee", one, history, nil, nil, ledger.ErrLostKey},
		{"lost keys, and a trustee's word for another change", one, history, rotation.Text, nil, ledger.ErrLostKey},
		{"lost keys, and a trustee's word", one, history, lost.Text, three, nil},
		{"lost keys that were known before", three, history, nil, three, nil},
		{"other keys were known than the history has", []ledger.LogKeys{first.Keys(), second.Keys(), ledgertest.Key(4).Keys()}, history, nil, nil, ledger.ErrLostKey},
		{"a change left out", one, ledger.MarshalKeyHistory([]ledger.Approved{lost}), lost.Text, nil, ledger.ErrMismatch},
		{"the old keys did not sign", one, ledger.MarshalKeyHistory([]ledger.Approved{change(first, second, ledger.ReasonRotation, second)}), nil, nil, ledger.ErrMismatch},
		{"others signed for the old keys", one, ledger.MarshalKeyHistory([]ledger.Approved{change(first, second, ledger.ReasonRotation, second, third)}), nil, nil, ledger.ErrMismatch},
		{"the new keys did not sign", one, ledger.MarshalKeyHistory([]ledger.Approved{change(first, second, ledger.ReasonCompromised, third)}), nil, nil, ledger.ErrMismatch},
		{"another reason than was signed", one, bytes.Replace(ledger.MarshalKeyHistory([]ledger.Approved{rotation}), []byte("rotation"), []byte("compromised"), 1), nil, nil, ledger.ErrMismatch},
		{"cut off", one, history[:len(history)-1], lost.Text, nil, ledger.ErrMismatch},
		{"a text alone", one, rotation.Text, nil, nil, ledger.ErrMismatch},
		{"something else", one, []byte("hello\n\nworld\n\n"), nil, nil, ledger.ErrMismatch},
	} {
		got, err := ledger.FollowKeys(ledgertest.Origin, c.known, c.history, c.vouched)
		if !reflect.DeepEqual(got, c.want) || !errors.Is(err, c.err) {
			t.Errorf("%s: %d keys, %v; want %d and %v", c.about, len(got), err, len(c.want), c.err)
		}
	}
	if _, err := ledger.FollowKeys("example.org/another", one, history, lost.Text); !errors.Is(err, ledger.ErrMismatch) {
		t.Errorf("another ledger's history: %v", err)
	}
}
