package intake

// A room bounds how many drafts with files are under way. It is the one place
// that says whether there is room for files: words never ask it, so that files
// cannot use up what words need. Codes have a room of their own (code.Deriver:
// two derivations at a time, the others queue).
type room struct{ places chan struct{} }

func newRoom(n int) room { return room{make(chan struct{}, n)} }

// enter takes a place, or returns ErrBusy: whoever uploads is told at once.
func (r room) enter() error {
	select {
	case r.places <- struct{}{}:
		return nil
	default:
		return ErrBusy
	}
}

func (r room) leave() { <-r.places }

// Crowded reports that three quarters of the places for uploads are taken.
// Whoever uploads slowly then keeps others from uploading at all.
func (in *Intake) Crowded() bool {
	return 4*len(in.uploads.places) >= 3*cap(in.uploads.places)
}
