package incident

import (
	"fmt"
	"log/slog"
	"regexp"
	"strconv"
	"strings"
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

// Attachment is the committed description of a file: its place in the case, and the hash, size and type of the
// original bytes.
type Attachment struct {
	Exhibit   string // A01 …: runs through the whole case
	SHA256    string // of the original bytes, lower-case hex
	Size      int64  // of the original, in bytes
	MediaType string // of its container, and of its name's ending where that can be several things (package filekind)
	Name      string // what the reporter's device called it; untrusted wherever it is shown
}

// JSON returns the one encoding of the attachment as a committed value.
func (a Attachment) JSON() []byte {
	b := make([]byte, 0, 256+6*len(a.Name))
	b = appendString(append(b, `{"exhibit":`...), a.Exhibit)
	b = appendString(append(b, `,"sha256":`...), a.SHA256)
	b = strconv.AppendInt(append(b, `,"size":`...), a.Size, 10)
	b = appendString(append(b, `,"media_type":`...), a.MediaType)
	b = appendString(append(b, `,"name":`...), a.Name)
	return append(b, '}')
}

// String describes the attachment without its name, which may contain a person's name.
func (a Attachment) String() string {
	return fmt.Sprintf("[%s, %s, %d bytes]", a.Exhibit, a.MediaType, a.Size)
}

// Format makes every verb of fmt print what String returns.
func (a Attachment) Format(s fmt.State, _ rune) { fmt.Fprint(s, a.String()) }

// LogValue makes slog print what String returns.
func (a Attachment) LogValue() slog.Value { return slog.StringValue(a.String()) }

// windowsPath matches a path with folders as Windows writes it. Any other backslash is part of a name: Linux and macOS
// allow it.
var windowsPath = regexp.MustCompile(`^(?:[A-Za-z]:|\.{1,2}|\\)?\\`)

// FileName returns the kept form of the name that a browser sent for a file: without folders of either kind of system,
// otherwise unchanged, unless it takes more than maxStoredName bytes. Then U+2026 replaces its middle. A name is only
// shown, escaped; files on the disk have names of ours. code is FileNameTooLong (more than MaxFileName characters),
// NotUTF8, Control (U+0000 to U+001F and U+007F), or empty.
func FileName(sent string) (name, code string) {
	name = sent[strings.LastIndexByte(sent, '/')+1:]
	if windowsPath.MatchString(name) {
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
