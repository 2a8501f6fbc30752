package casework

// LookedUp is SortFor without Sort: nil where the cache alone is not enough.
func (v *Trustee) LookedUp(id string) (*Cases, error) {
	state, err := v.state()
	if err != nil {
		return nil, err
	}
	return v.lookUp(state, id), nil
}
