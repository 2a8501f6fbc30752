package bundle

import "fmt"

// Report is what a check found, in plain sentences. A bundle that does not fit
// in any place has faults, and then nothing of it is called proved.
type Report struct {
	OK        bool     `json:"ok"`
	Proved    []string `json:"proved"`
	Withheld  []string `json:"withheld"`
	NotProved []string `json:"not_proved"`
	Faults    []string `json:"faults"`

	Version   int    `json:"bundle_version,omitempty"` // of a bundle whose bag-info.txt could be read
	Case      string `json:"case,omitempty"`
	Promise   string `json:"promise,omitempty"`   // what zapis-verify found a promise to be: genuine, kept, not-due, broken, retired-key, not-genuine
	Container string `json:"container,omitempty"` // Repacked, or empty: the zip is as zapis wrote it
}

// Repacked is the container of a bundle that was unpacked and packed again.
const Repacked = "packed again"

// Unproved is the first thing said of a bundle, a receipt or a promise that
// was checked without keys known from elsewhere.
const Unproved = "internally consistent; whose ledger this is was NOT proved"

// maxFaults bounds what is said of a bundle that fits nowhere.
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

// settle decides, and leaves no list nil.
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
