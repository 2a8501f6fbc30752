//go:build !linux && !darwin && !freebsd

package peer

import (
	"errors"
	"net"
)

// SameUser returns an error: this system does not say who is at the other end of a Unix socket.
func SameUser(*net.UnixConn) (bool, error) {
	return false, errors.New("this system does not say which user is at the other end of a socket")
}
