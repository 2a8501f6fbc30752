package intake

// An uploadLimit bounds how many drafts with files are in progress. Text never needs a
// place, so files cannot use up what text needs. Codes have a limit of their
// own (reportcode.Deriver: two derivations at a time, the others queue).
type uploadLimit struct{ places chan struct{} }

func newUploadLimit(n int) uploadLimit { return uploadLimit{make(chan struct{}, n)} }

// acquire takes a place, or returns ErrBusy without waiting.
func (l uploadLimit) acquire() error {
	select {
	case l.places <- struct{}{}:
		return nil
	default:
		return ErrBusy
	}
}

func (l uploadLimit) release() { <-l.places }

// NearlyFull reports whether three quarters of the places for uploads are taken.
// A slow upload then keeps others from uploading at all.
func (in *Intake) NearlyFull() bool {
	return 4*len(in.uploads.places) >= 3*cap(in.uploads.places)
}
