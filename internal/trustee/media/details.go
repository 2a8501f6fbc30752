package media

import (
	"bytes"
	"fmt"
	"sort"
	"strings"

	"github.com/bep/imagemeta"

	"zapis/internal/evidence/metadata"
)

const (
	maxFields     = 300
	maxFieldBytes = 400
)

// field adds a line to the metadata.
func (v *View) field(group, name, value string) {
	if value = strings.TrimSpace(strings.ToValidUTF8(value, "�")); value == "" || len(v.Metadata) >= maxFields {
		return
	}
	if len(value) > maxFieldBytes {
		value = strings.ToValidUTF8(value[:maxFieldBytes], "") + "…"
	}
	if len(name) > 100 {
		name = strings.ToValidUTF8(name[:100], "") + "…"
	}
	v.Metadata = append(v.Metadata, Field{group, visible(strings.ToValidUTF8(name, "�")), visible(value)})
}

// imageFormats are those whose metadata the library reads.
var imageFormats = map[string]imagemeta.ImageFormat{
	"image/jpeg": imagemeta.JPEG, "image/png": imagemeta.PNG, "image/apng": imagemeta.PNG, "image/webp": imagemeta.WebP,
	"image/tiff": imagemeta.TIFF, "image/heic": imagemeta.HEIF, "image/heif": imagemeta.HEIF, "image/avif": imagemeta.AVIF,
}

// describe sets what a file contains beside what it shows.
func describe(data []byte, v *View) {
	found := metadata.ScanBytes(data)
	v.Place = found.Place()
	for _, m := range found.Places {
		v.Places = append(v.Places, string(m))
	}
	for _, n := range []struct {
		is   bool
		note Note
	}{
		{found.Trailing, NoteTrailing}, {found.Thumbnail, NoteThumbnail}, {found.Earlier, NoteEarlier}, {len(found.Unsearched) > 0, NoteNotSearched},
		{v.MediaType == "application/pdf" && scripted(data), NoteScripts},
	} {
		if n.is {
			v.Notes = append(v.Notes, n.note)
		}
	}
	tags, ok := imageTags(v.MediaType, data)
	if !ok {
		return
	}
	if lat, long, err := tags.GetLatLong(); err == nil && (lat != 0 || long != 0) {
		v.Place, v.Latitude, v.Longitude = true, lat, long
	}
	for _, source := range []struct {
		name string
		tags map[string]imagemeta.TagInfo
	}{{"EXIF", tags.EXIF()}, {"IPTC", tags.IPTC()}, {"XMP", tags.XMP()}} {
		names := make([]string, 0, len(source.tags))
		for name := range source.tags {
			names = append(names, name)
		}
		sort.Strings(names)
		for _, name := range names {
			if value, ok := plainValue(source.tags[name].Value); ok {
				v.field(source.name, strings.TrimPrefix(name, imagemeta.UnknownPrefix), value)
			}
		}
	}
}

// plainValue formats a value, unless it is bytes.
func plainValue(value any) (string, bool) {
	switch value := value.(type) {
	case []byte:
		return fmt.Sprintf("%d bytes", len(value)), len(value) > 0
	case nil:
		return "", false
	}
	return fmt.Sprint(value), true
}

// imageTags reads Exif, IPTC and XMP. For a damaged file it returns what could
// be read.
func imageTags(mediaType string, data []byte) (tags imagemeta.Tags, ok bool) {
	format, ok := imageFormats[mediaType]
	if !ok {
		return tags, false
	}
	defer func() { _ = recover() }() // a panic of the library; what was read before is kept
	_, _ = imagemeta.Decode(imagemeta.Options{
		R: bytes.NewReader(data), ImageFormat: format, Sources: imagemeta.EXIF | imagemeta.IPTC | imagemeta.XMP,
		LimitNumTags: 2000, LimitTagSize: 64 << 10, Warnf: func(string, ...any) {},
		HandleTag: func(t imagemeta.TagInfo) error {
			tags.Add(t)
			return nil
		},
	})
	return tags, true
}

// orientation returns Exif's orientation, or 1.
func orientation(mediaType string, data []byte) int {
	if mediaType == "image/gif" || mediaType == "image/bmp" {
		return 1
	}
	tags, ok := imageTags(mediaType, data)
	if !ok {
		return 1
	}
	var n int
	if t, ok := tags.EXIF()["Orientation"]; ok {
		if _, err := fmt.Sscan(fmt.Sprint(t.Value), &n); err == nil {
			return n
		}
	}
	return 1
}
