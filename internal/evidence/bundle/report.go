package bundle

import "fmt"

// Report is the result of a check, in sentences. A bundle with any fault has
// nothing proved.
type Report struct {
	OK        bool     `json:"ok"`
	Proved    []string `json:"proved"`
	Withheld  []string `json:"withheld"`
	NotProved []string `json:"not_proved"`
	Faults    []string `json:"faults"`

	Version   int    `json:"bundle_version,omitempty"` // of a bundle whose bag-info.txt could be read
	Case      string `json:"case,omitempty"`
	Promise   string `json:"promise,omitempty"`   // the state of a promise: genuine, kept, not-due, broken, retired-key, not-genuine
	Container string `json:"container,omitempty"` // Repacked, or empty: the zip is as zapis wrote it

	// Originals are the SHA-256 of the originals in a bundle without faults, by the file's name: A01.txt.
	Originals map[string][32]byte `json:"-"`
}

// Repacked is the container of a bundle that was unpacked and packed again.
const Repacked = "packed again"

// Unproved is the first sentence about a bundle, a receipt or a promise that
// was checked without trusted keys.
const Unproved = "internally consistent; whose ledger this is was NOT proved"

// maxFaults bounds the listed faults of a bundle.
const maxFaults = 50

func (r *Report) prove(format string, args ...any) {
	r.Proved = append(r.Proved, fmt.Sprintf(format, args...))
}

func (r *Report) notProve(format string, args ...any) {
	r.NotProved = append(r.NotProved, fmt.Sprintf(format, args...))
}

func (r *Report) fault(format string, args ...any) {
	if len(r.Faults) < maxFaults {
		r.Faults = append(r.Faults, fmt.Sprintf(format, args...))
	} else if len(r.Faults) == maxFaults {
		r.Faults = append(r.Faults, "and more that does not fit; the rest is not listed")
	}
}

// settle sets the result, and leaves no list nil.
func (r *Report) settle() {
	r.OK = len(r.Faults) == 0
	if !r.OK {
		r.Proved, r.Withheld, r.NotProved = nil, nil, nil
	}
	for _, list := range []*[]string{&r.Proved, &r.Withheld, &r.NotProved, &r.Faults} {
		if *list == nil {
			*list = []string{}
		}
	}
}
