package casework

import "zapis/internal/evidence/custody"

// Events gives the events of the custody log that concern a case, by its id; all of them where it is empty.
func (v *Trustee) Events(c *Case) ([]custody.Event, error) {
	if err := v.NeedKey(); err != nil {
		return nil, err
	}
	show := func(custody.Event) bool { return true }
	if c != nil {
		show = func(e custody.Event) bool { return concerns(e, c.ID, c.submissions()) }
	}
	x, err := v.Custody.Excerpt(v.Custody.Len(), show, v.Key().Age)
	if err != nil {
		return nil, err
	}
	var list []custody.Event
	for n := uint64(1); n <= v.Custody.Len(); n++ {
		if e, shown := x.Shown[n]; shown {
			list = append(list, e)
		}
	}
	return list, nil
}
