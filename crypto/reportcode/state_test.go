package reportcode

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
)

func TestStateOpensWithItsCodeAtItsPlaceOnly(t *testing.T) {
	d := NewDeriver("example.org/ledger")
	derive := func(digits string) *Keys {
		c, err := Parse(digits)
		if err != nil {
			t.Fatal(err)
		}
		k, err := d.Derive(context.Background(), c)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	k := derive("4827 1093 5560 2718 2818 2845 9045 2311")
	s := State{Day: 20778, Consents: 1<<31 | 0b101, Agrees: 2, Target: 1}
	box := k.SealState(3, s)
	if len(box) != StateSize || StateSize != 38 {
		t.Errorf("a state has %d bytes", len(box))
	}
	if got, err := k.OpenState(3, box); err != nil || got != s {
		t.Errorf("%+v, %v", got, err)
	}
	for i := range box {
		bad := bytes.Clone(box)
		bad[i] ^= 1
		if _, err := k.OpenState(3, bad); !errors.Is(err, ErrLocator) {
			t.Fatalf("byte %d changed: %v", i, err)
		}
	}
	if _, err := k.OpenState(4, box); !errors.Is(err, ErrLocator) {
		t.Error("it opens at another place")
	}
	if _, err := k.OpenState(3, box[1:]); !errors.Is(err, ErrLocator) {
		t.Error("a short box opens")
	}
	if bytes.Equal(k.SealState(3, State{})[:12], box[:12]) {
		t.Error("two states have one nonce")
	}
	// docs/spec/code.md has this one.
	if got := fmt.Sprintf("%x", box); got != "577327a81151e0d8f235d3748d06855bd8511f95af9162b4da32f78f58e05746698b5098441c" {
		t.Errorf("state 3 is %s", got)
	}
}

func TestSuspects(t *testing.T) {
	const code = "4827 1093 5560 2718 2818 2845 9045 2311"
	if got := Suspects(code); got != nil {
		t.Errorf("a code has suspects: %v", got)
	}
	for i := range code {
		if code[i] == ' ' {
			continue
		}
		b := []byte(code)
		b[i] = '0' + (b[i]-'0'+3)%10
		got := Suspects(string(b))
		if !slices.Contains(got, i/5+1) {
			t.Errorf("digit %d changed: group %d is not among %v", i, i/5+1, got)
		}
		if len(got) == Groups {
			t.Logf("digit %d changed: every group could be the one", i)
		}
	}
	swapped := "4827 1093 5560 2718 2818 2845 9405 2311"
	if got := Suspects(swapped); !slices.Contains(got, 7) {
		t.Errorf("swapped in group 7: %v", got)
	}
	for _, s := range []string{"", "1234", code + "1", "4827 1093 556O 2718 2818 2845 9045 2311"} {
		if got := Suspects(s); got != nil {
			t.Errorf("%q: %v", s, got)
		}
	}
}

func TestGroupWrong(t *testing.T) {
	groups := []string{"4827", " 1093", "55-60", "271", "28180", "2845", "9O45", ""}
	if got := GroupWrong(groups); !slices.Equal(got, []int{4, 5, 7, 8}) {
		t.Errorf("%v", got)
	}
	if got := GroupWrong([]string{"٤٨٢٧", "1093"}); got != nil {
		t.Errorf("other digits: %v", got)
	}
}
