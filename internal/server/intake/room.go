package intake

// A room bounds how many drafts with files are in progress. Text never needs a
// place, so files cannot use up what text needs. Codes have a limit of their
// own (code.Deriver: two derivations at a time, the others queue).
type room struct{ places chan struct{} }

func newRoom(n int) room { return room{make(chan struct{}, n)} }

// enter takes a place, or returns ErrBusy without waiting.
func (r room) enter() error {
	select {
	case r.places <- struct{}{}:
		return nil
	default:
		return ErrBusy
	}
}

func (r room) leave() { <-r.places }

// Crowded reports whether three quarters of the places for uploads are taken.
// A slow upload then keeps others from uploading at all.
func (in *Intake) Crowded() bool {
	return 4*len(in.uploads.places) >= 3*cap(in.uploads.places)
}
