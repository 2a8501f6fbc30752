package atomicfile

import (
	"errors"
	"slices"
	"strings"
)

// ErrReservedName says that Windows has another meaning for a name, or would change it.
var ErrReservedName = errors.New("the name is reserved on Windows, or would be changed there: choose another")

// devices are the names that Windows gives devices, in every folder, in any case, and with any ending.
// https://learn.microsoft.com/windows/win32/fileio/naming-a-file
var devices = []string{"con", "prn", "aux", "nul", "conin$", "conout$"}

// PortableName says whether a name, without its folder, means the same on every system: none of the characters that Windows
// refuses, no colon, which would name another stream of a file, no dot or space at the end, which Windows drops, and no device.
func PortableName(name string) bool {
	if name == "" || strings.ContainsAny(name, `<>:"/\|?*`) || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' }) {
		return false
	}
	if last := name[len(name)-1]; last == '.' || last == ' ' {
		return false
	}
	stem, _, _ := strings.Cut(strings.ToLower(name), ".")
	stem = strings.TrimRight(stem, " ")
	if slices.Contains(devices, stem) {
		return false
	}
	if port, ok := strings.CutPrefix(stem, "com"); ok || strings.HasPrefix(stem, "lpt") {
		if !ok {
			port = stem[len("lpt"):]
		}
		return !slices.Contains([]string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "¹", "²", "³"}, port)
	}
	return true
}
