// Package peer reports whether the process at the other end of a connection on this computer belongs to the user of this
// process. The kernel is asked: proc(5) for a loopback TCP connection, SO_PEERCRED (unix(7)) or LOCAL_PEERCRED for a Unix
// socket.
package peer
