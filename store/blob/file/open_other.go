//go:build !unix

package file

const nonblocking = 0
