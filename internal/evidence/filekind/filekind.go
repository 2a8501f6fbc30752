// Package filekind determines the type of an attachment from its container and the sender's file extension, and the
// extension for a copy of it.
//
// The container, detected from the bytes, decides. The sender's extension only selects among the types of a container:
// an OLE compound file may be a .doc or a .xls, lines with commas are a spreadsheet only where the sender's extension
// says so. No extension that runs on a double click is ever assigned. See docs/spec/incident.md.
package filekind

import (
	"bytes"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/gabriel-vasile/mimetype"
)

// Group is a coarse type of file, as the index of a bundle prints it.
type Group string

const (
	Picture Group = "Picture"
	Film    Group = "Film"
	Sound   Group = "Sound recording"
	Text    Group = "Text"
	Mail    Group = "E-mail"
	PDF     Group = "PDF document"
	Office  Group = "Office document"
	Book    Group = "Book"
	Archive Group = "Archive"
	Program Group = "Program"
	Data    Group = "Data"
	File    Group = "File" // nothing more is known
)

// Unknown is the extension of types that are not in the table, and of all that a double click would run.
const Unknown = "bin"

type kind struct {
	mediaType string // as the mimetype library names it, without parameters
	ending    string
	group     Group
}

// kinds has each media type once. A missing one gets the extension Unknown, and its group from groupOf. Pages,
// drawings and playlists that can contain scripts or use a network get a text extension or Unknown.
var kinds = []kind{
	{"image/jpeg", "jpg", Picture}, {"image/png", "png", Picture}, {"image/apng", "png", Picture}, {"image/gif", "gif", Picture},
	{"image/webp", "webp", Picture}, {"image/heic", "heic", Picture}, {"image/heic-sequence", "heic", Picture},
	{"image/heif", "heif", Picture}, {"image/heif-sequence", "heif", Picture}, {"image/avif", "avif", Picture},
	{"image/tiff", "tiff", Picture}, {"image/bmp", "bmp", Picture}, {"image/jxl", "jxl", Picture}, {"image/jp2", "jp2", Picture},
	{"image/vnd.adobe.photoshop", "psd", Picture}, {"image/vnd.djvu", "djvu", Picture}, {"image/svg+xml", "txt", Picture},

	{"audio/wav", "wav", Sound}, {"audio/mpeg", "mp3", Sound}, {"audio/ogg", "ogg", Sound}, {"application/ogg", "ogg", Sound},
	{"audio/mp4", "m4a", Sound}, {"audio/x-m4a", "m4a", Sound}, {"audio/aac", "aac", Sound}, {"audio/amr", "amr", Sound},
	{"audio/flac", "flac", Sound}, {"audio/aiff", "aiff", Sound}, {"audio/midi", "mid", Sound}, {"audio/basic", "au", Sound},

	{"video/mp4", "mp4", Film}, {"video/x-m4v", "mp4", Film}, {"video/quicktime", "mov", Film}, {"video/webm", "webm", Film},
	{"video/ogg", "ogv", Film}, {"video/3gpp", "3gp", Film}, {"video/3gpp2", "3g2", Film}, {"video/matroska", "mkv", Film},
	{"video/x-msvideo", "avi", Film}, {"video/mpeg", "mpg", Film}, {"video/x-flv", "flv", Film}, {"video/x-ms-asf", "wmv", Film},

	{"text/plain", "txt", Text}, {"text/html", "txt", Text}, {"text/xml", "txt", Text}, {"application/xhtml+xml", "txt", Text},
	{"text/csv", "csv", Data}, {"text/tab-separated-values", "tsv", Data}, {"application/json", "json", Data},
	{"application/geo+json", "json", Data}, {"application/x-ndjson", "txt", Data}, {"text/vcard", "vcf", Text},
	{"text/calendar", "ics", Text}, {"application/x-subrip", "srt", Text}, {"text/vtt", "txt", Text},
	{"application/gpx+xml", "gpx", Data}, {"application/vnd.google-earth.kml+xml", "txt", Data},
	{"application/rss+xml", "txt", Text}, {"application/atom+xml", "txt", Text}, {"application/vnd.sqlite3", "sqlite", Data},
	{"message/rfc822", "eml", Mail}, {"application/vnd.ms-outlook", "msg", Mail},

	{"application/pdf", "pdf", PDF}, {"application/epub+zip", "epub", Book}, {"text/rtf", "rtf", Office},
	{"application/msword", "doc", Office}, {"application/vnd.ms-excel", "xls", Office}, {"application/vnd.ms-powerpoint", "ppt", Office},
	{"application/vnd.ms-publisher", "pub", Office}, {"application/vnd.ms-visio.drawing.main+xml", "vsdx", Office},
	{"application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx", Office},
	{"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx", Office},
	{"application/vnd.openxmlformats-officedocument.presentationml.presentation", "pptx", Office},
	{"application/vnd.oasis.opendocument.text", "odt", Office}, {"application/vnd.oasis.opendocument.text-template", "odt", Office},
	{"application/vnd.oasis.opendocument.spreadsheet", "ods", Office}, {"application/vnd.oasis.opendocument.spreadsheet-template", "ods", Office},
	{"application/vnd.oasis.opendocument.presentation", "odp", Office}, {"application/vnd.oasis.opendocument.presentation-template", "odp", Office},
	{"application/vnd.oasis.opendocument.graphics", "odg", Office}, {"application/onenote", "one", Office},

	{"application/zip", "zip", Archive}, {"application/x-7z-compressed", "7z", Archive}, {"application/x-tar", "tar", Archive},
	{"application/gzip", "gz", Archive}, {"application/vnd.rar", "rar", Archive}, {"application/x-bzip2", "bz2", Archive},
	{"application/x-xz", "xz", Archive}, {"application/zstd", "zst", Archive}, {"application/vnd.ms-cab-compressed", "cab", Archive},
	{"application/x-cpio", "cpio", Archive}, {"application/vnd.google-earth.kmz", "kmz", Archive},
	{"application/lzip", Unknown, Archive}, {"application/x-archive", Unknown, Archive}, {"application/x-xar", Unknown, Archive},

	{"application/vnd.microsoft.portable-executable", Unknown, Program}, {"application/x-elf", Unknown, Program},
	{"application/x-object", Unknown, Program}, {"application/x-executable", Unknown, Program}, {"application/x-sharedlib", Unknown, Program},
	{"application/x-mach-binary", Unknown, Program}, {"application/x-ms-installer", Unknown, Program}, {"application/x-ms-shortcut", Unknown, Program},
	{"application/vnd.android.package-archive", Unknown, Program}, {"application/java-archive", Unknown, Program},
	{"application/x-java-applet", Unknown, Program}, {"application/vnd.debian.binary-package", Unknown, Program},
	{"application/x-rpm", Unknown, Program}, {"application/x-chrome-extension", Unknown, Program}, {"application/wasm", Unknown, Program},
	{"application/x-shockwave-flash", Unknown, Program}, {"application/vnd.ms-htmlhelp", Unknown, Program},
	{"application/x-installshield", Unknown, Program}, {"application/x-bytecode.python", Unknown, Program},
	{"text/x-shellscript", Unknown, Program}, {"text/x-python", Unknown, Program}, {"text/javascript", Unknown, Program},
	{"text/x-php", Unknown, Program}, {"text/x-perl", Unknown, Program}, {"text/x-ruby", Unknown, Program},
	{"text/x-lua", Unknown, Program}, {"text/x-tcl", Unknown, Program},
}

var byType = sync.OnceValue(func() map[string]kind {
	m := make(map[string]kind, len(kinds))
	for _, k := range kinds {
		m[k.mediaType] = k
	}
	return m
})

// bare removes the parameters of a media type, and lower-cases it.
func bare(mediaType string) string {
	base, _, _ := strings.Cut(mediaType, ";")
	return strings.ToLower(strings.TrimSpace(base))
}

// lookup finds a media type, also by an alias of the library: ledgers contain those of its earlier versions.
func lookup(mediaType string) (kind, bool) {
	base := bare(mediaType)
	if k, ok := byType()[base]; ok {
		return k, true
	}
	if m := mimetype.Lookup(base); m != nil {
		k, ok := byType()[bare(m.String())]
		return k, ok
	}
	return kind{}, false
}

// Extension returns the extension, without a dot, for a copy of a file. mediaType is the committed one and name the
// sender's file name. Earlier versions committed text/csv for any lines with commas and application/x-ole-storage for
// most .doc files: the sender's extension decides both.
func Extension(mediaType, name string) string { return Ending(choose(bare(mediaType), name)) }

// Ending is Extension for a media type that was selected by the file's name already.
func Ending(mediaType string) string {
	if k, ok := lookup(mediaType); ok {
		return k.ending
	}
	return Unknown
}

// GivenOut reports whether Extension can return an extension.
func GivenOut(ending string) bool {
	return ending == Unknown || slices.ContainsFunc(kinds, func(k kind) bool { return k.ending == ending })
}

// Describe returns the coarse type of a media type.
func Describe(mediaType string) Group {
	base := bare(mediaType)
	if k, ok := lookup(base); ok {
		return k.group
	}
	for _, p := range []struct {
		prefix string
		group  Group
	}{{"image/", Picture}, {"video/", Film}, {"audio/", Sound}, {"text/", Text}} {
		if strings.HasPrefix(base, p.prefix) {
			return p.group
		}
	}
	return File
}

// among maps containers and the sender's extensions to media types. A container without an entry is its own type.
var among = map[string]map[string]string{
	"application/x-ole-storage": {
		"doc": "application/msword", "dot": "application/msword", "xls": "application/vnd.ms-excel", "xlt": "application/vnd.ms-excel",
		"ppt": "application/vnd.ms-powerpoint", "pps": "application/vnd.ms-powerpoint", "pub": "application/vnd.ms-publisher",
		"msg": "application/vnd.ms-outlook", "msi": "application/x-ms-installer",
		// A document with a passphrase is an OLE file that contains the sealed package.
		"docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
		"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
		"pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
	},
	"application/zip": {
		"docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
		"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
		"pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
		"odt":  "application/vnd.oasis.opendocument.text", "ods": "application/vnd.oasis.opendocument.spreadsheet",
		"odp": "application/vnd.oasis.opendocument.presentation", "odg": "application/vnd.oasis.opendocument.graphics",
		"epub": "application/epub+zip", "vsdx": "application/vnd.ms-visio.drawing.main+xml", "kmz": "application/vnd.google-earth.kmz",
		"jar": "application/java-archive", "apk": "application/vnd.android.package-archive",
	},
	"application/ogg": {"ogg": "audio/ogg", "oga": "audio/ogg", "opus": "audio/ogg", "ogv": "video/ogg"},
}

// spreadsheets are text unless the sender's extension is the named one: opened by a double click, a cell of such a
// file that begins with = is a formula.
var spreadsheets = map[string]string{"text/csv": "csv", "text/tab-separated-values": "tsv"}

// choose selects a type of the container by the sender's extension.
func choose(mediaType, name string) string {
	ending := strings.TrimPrefix(strings.ToLower(path.Ext(strings.TrimRight(name, " ."))), ".")
	if want, ok := spreadsheets[mediaType]; ok && ending != want {
		return "text/plain"
	}
	if chosen, ok := among[mediaType][ending]; ok {
		return chosen
	}
	return mediaType
}

// sniffed is how many bytes of a file's beginning the library inspects.
const sniffed = 3 << 10

// A Sniffer detects a file's media type from what is written to it. It keeps the first 3 KiB and, of an OLE compound
// file, the streams that its directory names, which may be anywhere in the file. It belongs to one goroutine. The zero
// value is ready for use.
type Sniffer struct {
	head []byte
	ole  oleNames
}

// Write never fails.
func (s *Sniffer) Write(p []byte) (int, error) {
	if missing := sniffed - len(s.head); missing > 0 {
		s.head = append(s.head, p[:min(missing, len(p))]...)
	}
	s.ole.write(p)
	return len(p), nil
}

// Wipe overwrites the kept bytes.
func (s *Sniffer) Wipe() {
	clear(s.head[:cap(s.head)])
	*s = Sniffer{}
}

// MediaType returns the media type of what was written, without parameters. name is the sender's file name.
func (s *Sniffer) MediaType(name string) string {
	found := bare(mimetype.Detect(s.head).String())
	if bytes.HasPrefix(s.head, oleMagic) && found != "application/x-ms-installer" {
		found = s.ole.mediaType(found, choose("application/x-ole-storage", name))
	}
	if found == "text/plain" {
		found = textKind(s.head, name)
	}
	return choose(found, name)
}

// Detect returns the media type of a file whose whole content, or beginning, is data.
func Detect(data []byte, name string) string {
	var s Sniffer
	_, _ = s.Write(data)
	return s.MediaType(name)
}
