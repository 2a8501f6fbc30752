//go:build unix

package session

// ErrUnsupported says that there are no sessions on this system; nil where there are.
var ErrUnsupported error
