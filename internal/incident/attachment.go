package incident

import (
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"
)

const (
	// MaxFileName is the longest name of a file, in characters: the limit of Windows and macOS.
	MaxFileName = 255
	// maxStoredName is the longest kept name as JSON, in bytes without its quotation marks. It holds 255 Cyrillic
	// letters; sixteen such names fit a statement beside the longest report.
	maxStoredName = 2 * MaxFileName
)

// Unnamed is the kept name of a file without a name.
const Unnamed = "unnamed"

// windowsPath matches a path with folders as Windows writes it. Any other backslash is part of a name: Linux and macOS
// allow it.
var windowsPath = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(?:[A-Za-z]:|\.{1,2}|\\)?\\`) })

// FileName returns the kept form of the name that a browser sent for a file: without folders of either kind of system,
// otherwise unchanged, unless it takes more than maxStoredName bytes. Then U+2026 replaces its middle. A name is only
// shown, escaped; files on the disk have names of ours. code is FileNameTooLong (more than MaxFileName characters),
// NotUTF8, Control (U+0000 to U+001F and U+007F), or empty.
func FileName(sent string) (name, code string) {
	name = sent[strings.LastIndexByte(sent, '/')+1:]
	if windowsPath().MatchString(name) {
		name = name[strings.LastIndexByte(name, '\\')+1:]
	}
	switch {
	case utf8.RuneCountInString(name) > MaxFileName:
		return "", FileNameTooLong
	case !utf8.ValidString(name):
		return "", NotUTF8
	case strings.ContainsFunc(name, func(r rune) bool { return r < 0x20 || r == 0x7f }):
		return "", Control
	case name == "" || name == "." || name == "..":
		return Unnamed, ""
	}
	return shortened(name), ""
}

// shortened cuts the middle of a name that takes more than maxStoredName bytes, and keeps its ending.
func shortened(name string) string {
	if storedSize(name) <= maxStoredName {
		return name
	}
	const gap, ending = "…", 32 // ending: characters kept of the end
	runes := []rune(name)
	tail := string(runes[len(runes)-min(ending, len(runes)):])
	room := maxStoredName - storedSize(gap) - storedSize(tail)
	head := 0
	for i, r := range name {
		if room -= storedSize(string(r)); room < 0 {
			break
		}
		head = i + utf8.RuneLen(r)
	}
	return name[:head] + gap + tail
}

// storedSize returns the size of a name as a JSON string in bytes, without the quotation marks.
func storedSize(name string) int { return len(quoted(name)) - 2 }
