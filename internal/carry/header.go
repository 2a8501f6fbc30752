package carry

import (
	"strconv"
	"strings"
)

// A member's header is the ustar block of POSIX.1-1988, with mode 0444, owner
// and group 0 without names, and the time 0. Only name and size vary, so there
// is one header for each member. From 8 GiB on, which ustar's size field can't
// hold, a pax header precedes it (POSIX.1-2001).

const (
	blockSize = 512
	ustarSize = 1 << 33 // the first size that ustar can't hold
	paxFlag   = 'x'
	fileFlag  = '0'
)

// headerOf returns the blocks before a member: one, or three with a pax
// header.
func headerOf(name string, size int64) []byte {
	if size < ustarSize {
		return plainBlock(name, size)
	}
	var records string
	if len(name) > 100 {
		records = paxRecord("path", name)
	}
	records += paxRecord("size", strconv.FormatInt(size, 10))
	dir, base := "", name
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		dir, base = name[:i+1], name[i+1:]
	}
	var pax [2 * blockSize]byte
	copy(pax[:100], dir+"PaxHeaders.0/"+base)
	octal(pax[100:108], 0)
	octal(pax[108:116], 0)
	octal(pax[116:124], 0)
	octal(pax[124:136], int64(len(records)))
	octal(pax[136:148], 0)
	pax[156] = paxFlag
	copy(pax[257:265], "ustar\x0000")
	checksum(pax[:blockSize])
	copy(pax[blockSize:], records)
	return append(pax[:], fileBlock(name, "", 0)...)
}

func plainBlock(name string, size int64) []byte {
	prefix := ""
	if len(name) > 100 {
		i := strings.LastIndexByte(name, '/')
		prefix, name = name[:i], name[i+1:]
	}
	return fileBlock(name, prefix, size)
}

func fileBlock(name, prefix string, size int64) []byte {
	b := make([]byte, blockSize)
	copy(b[:100], name)
	octal(b[100:108], 0o444)
	octal(b[108:116], 0)
	octal(b[116:124], 0)
	octal(b[124:136], size)
	octal(b[136:148], 0)
	b[156] = fileFlag
	copy(b[257:265], "ustar\x0000")
	octal(b[329:337], 0)
	octal(b[337:345], 0)
	copy(b[345:500], prefix)
	checksum(b)
	return b
}

// octal fills a field: digits with leading zeros, and a NUL at its end.
func octal(field []byte, n int64) {
	s := strconv.FormatInt(n, 8)
	end := len(field) - 1
	for i := range end {
		field[i] = '0'
	}
	copy(field[end-len(s):end], s)
	field[end] = 0
}

func sum(b []byte) (n int64) {
	for i, c := range b {
		if i >= 148 && i < 156 {
			c = ' '
		}
		n += int64(c)
	}
	return n
}

func checksum(b []byte) {
	octal(b[148:155], sum(b))
	b[155] = ' '
}

// paxRecord is "LENGTH KEY=VALUE\n", where the length counts its own digits.
func paxRecord(key, value string) string {
	rest := " " + key + "=" + value + "\n"
	n := len(rest)
	for n != len(rest)+len(strconv.Itoa(n)) {
		n = len(rest) + len(strconv.Itoa(n))
	}
	return strconv.Itoa(n) + rest
}
