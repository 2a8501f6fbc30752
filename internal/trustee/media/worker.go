package media

import (
	"bytes"
	"errors"
	"io"
	"os"
	"runtime/debug"

	"zapis/internal/evidence/filekind"
	"zapis/internal/sandbox"
)

const (
	opReady  = "ready"
	opView   = "view"
	opRedact = "redact"
	opProve  = "prove"
	opHash   = "hash"
)

// WorkerMain returns the worker: it isolates itself, then answers frames on its standard input until that ends. The
// program must call it before anything else when its first argument is Verb, and exit with its result.
func WorkerMain() int {
	out := os.Stdout
	os.Stdout = os.Stderr // a decoder's output must not be between frames
	if err := limitMemory(); err != nil {
		_ = writeFrame(out, &frame{Code: NotIsolated})
		return 1
	}
	if err := sandbox.Isolate(); err != nil {
		_ = writeFrame(out, &frame{Code: NotIsolated})
		return 1
	}
	if err := writeFrame(out, &frame{Op: opReady}); err != nil {
		return 1
	}
	for {
		in, err := readFrame(os.Stdin, MaxInput)
		if err == io.EOF {
			return 0
		}
		if err != nil || len(in.blobs) != 1 || in.Request == nil {
			return 1
		}
		in.Request.Data = in.blobs[0]
		if err := writeFrame(out, answer(in)); err != nil {
			return 1
		}
		debug.FreeOSMemory() // the file's bytes do not wait for the next one
	}
}

// answer recovers from panics of decoders, which are third-party code.
func answer(in *frame) (out *frame) {
	defer func() {
		if recover() != nil {
			out = &frame{Code: Damaged}
		}
	}()
	out = new(frame)
	var err error
	switch in.Op {
	case opView:
		out.View, err = view(in.Request)
		if err == nil {
			v := out.View
			out.blobs = [][]byte{v.Picture, v.Sound, []byte(v.Text)}
			if len(v.Picture)+len(v.Sound)+len(v.Text) > maxAnswer {
				err = refuse(TooLarge)
			}
		}
	case opRedact:
		var copied []byte
		copied, err = redact(in.Request, in.Boxes)
		out.blobs = [][]byte{copied}
		if len(copied) > maxAnswer {
			err = refuse(TooLarge)
		}
	case opHash:
		out.View = new(View)
		out.View.Hash, err = hashOf(in.Request)
	case opProve:
		err = prove(in.Request.Data, in.Boxes)
	default:
		err = refuse(BadAnswer)
	}
	if err != nil {
		return &frame{Code: codeOf(err)}
	}
	return out
}

// codeOf returns the code of a refusal; any other error comes from a decoder.
func codeOf(err error) Code {
	if e := (*Error)(nil); errors.As(err, &e) {
		return e.Code
	}
	return Damaged
}

// A shower makes the view of one kind of file.
type shower func(r *Request, v *View) error

// showers lists what can be shown, by media type. A drawing (SVG) is shown as text and never rendered.
var showers = map[string]shower{
	"image/jpeg": showPicture, "image/png": showPicture, "image/apng": showPicture, "image/gif": showPicture, "image/webp": showPicture,
	"image/bmp": showPicture, "image/tiff": showPicture, "image/heic": showPicture, "image/heif": showPicture,
	"application/pdf": showPDF,
	"audio/wav":       showSound, "audio/mpeg": showSound, "audio/flac": showSound, "audio/ogg": showSound, "application/ogg": showSound,
	"text/plain": showText, "text/html": showText, "text/xml": showText, "application/xhtml+xml": showText, "image/svg+xml": showText,
	"text/csv": showText, "text/tab-separated-values": showText, "application/json": showText, "application/geo+json": showText,
	"application/x-ndjson": showText, "text/vcard": showText, "text/calendar": showText, "application/x-subrip": showText, "text/vtt": showText,
	"application/gpx+xml": showText, "application/vnd.google-earth.kml+xml": showText, "application/rss+xml": showText, "application/atom+xml": showText,
	"text/javascript": showText, "text/x-shellscript": showText, "text/x-python": showText, "text/x-php": showText, "text/x-perl": showText,
	"text/x-ruby": showText, "text/x-lua": showText, "text/x-tcl": showText,
	"message/rfc822": showMail,
}

func view(r *Request) (*View, error) {
	v := &View{MediaType: filekind.Detect(r.Data, r.Name), Page: r.Page, Pages: 1}
	describe(r.Data, v)
	show, ok := showers[v.MediaType]
	if !ok {
		v.Refused = NotShown
		return v, nil
	}
	if r.Page < 0 {
		return nil, refuse(NoSuchPage)
	}
	if err := show(r, v); err != nil {
		// The metadata is returned all the same.
		v.Shape, v.Refused = "", codeOf(err)
		v.Picture, v.Sound, v.Text = nil, nil, ""
	}
	return v, nil
}

// hashOf returns the difference hash of a picture file's first page.
func hashOf(r *Request) (uint64, error) {
	img, _, err := decodePicture(filekind.Detect(r.Data, r.Name), r.Data, 0)
	if err != nil {
		return 0, err
	}
	return differenceHash(img), nil
}

func isPDF(data []byte) bool { return bytes.Contains(data[:min(1024, len(data))], []byte("%PDF-")) }
