package main

import (
	"fmt"
	"strconv"
	"strings"
)

// size is a number of bytes, written as 500M, 2G, or plain digits. K, M and G count in 1024.
type size int64

var units = []struct {
	letter string
	bytes  int64
}{{"G", 1 << 30}, {"M", 1 << 20}, {"K", 1 << 10}, {"", 1}}

// UnmarshalText reads a size from a flag.
func (s *size) UnmarshalText(text []byte) error {
	for _, u := range units {
		digits, ok := strings.CutSuffix(string(text), u.letter)
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(digits, 10, 40)
		if err != nil || n > 1<<50/uint64(u.bytes) {
			break
		}
		*s = size(int64(n) * u.bytes)
		return nil
	}
	return fmt.Errorf("%q is no size; write 500M or 2G", text)
}

func (s size) String() string {
	for _, u := range units {
		if int64(s) >= u.bytes && int64(s)%u.bytes == 0 {
			return strconv.FormatInt(int64(s)/u.bytes, 10) + u.letter
		}
	}
	return "0"
}
