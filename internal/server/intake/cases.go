package intake

import (
	"fmt"

	"zapis/crypto/reportcode"
	"zapis/internal/incident"
)

// lastLocator returns how many locators a code has, and opens the last of
// them. They have no gaps, so a search by doubling finds the end. It returns
// ErrUnknownCode where there is none.
func (in *Intake) lastLocator(k *reportcode.Keys) (count uint64, last located, err error) {
	var box []byte // of the last locator that was found
	has := func(n uint64) bool {
		b, ok, e := in.store.Locator(k.LocatorName(n))
		if e != nil && err == nil {
			err = e
		}
		if ok {
			box = b
		}
		return ok
	}
	above := uint64(1) // grows until no locator is there
	for has(above - 1) {
		above *= 2
	}
	below := above / 2 // locators 0 … below-1 are there; that of above-1 is not
	for below+1 < above {
		if mid := below + (above-below)/2; has(mid - 1) {
			below = mid
		} else {
			above = mid
		}
	}
	switch {
	case err != nil:
		return 0, located{}, err
	case below == 0:
		return 0, located{}, ErrUnknownCode
	}
	last, err = openLocator(k, below-1, box)
	return below, last, err
}

// located is the content of one box under a locator's name.
type located struct {
	reportcode.Locator
	state reportcode.State // zero in boxes that were written before states existed
}

func openLocator(k *reportcode.Keys, n uint64, box []byte) (l located, err error) {
	var state []byte
	if len(box) > reportcode.LocatorSize {
		box, state = box[:reportcode.LocatorSize], box[reportcode.LocatorSize:]
	}
	if l.Locator, err = k.OpenLocator(n, box); err == nil && state != nil {
		l.state, err = k.OpenState(n, state)
	}
	if err != nil {
		return l, fmt.Errorf("a locator was changed: %w", err)
	}
	return l, nil
}

// actNumbers lists the acts in the order of their numbers in locators
// (docs/spec/code.md), from 1.
var actNumbers = []incident.Act{
	incident.ActReport, incident.ActFollowUp, incident.ActConsent, incident.ActStop, incident.ActDelete,
}

func actNumber(a incident.Act) uint8 {
	for i, known := range actNumbers {
		if a == known {
			return uint8(i + 1)
		}
	}
	return 0
}

func actOf(number uint8) (incident.Act, error) {
	if number < 1 || int(number) > len(actNumbers) {
		return "", fmt.Errorf("a locator names act %d, which does not exist", number)
	}
	return actNumbers[number-1], nil
}
