package media

import (
	"bytes"
	"image/jpeg"
	"image/png"
	"testing"
)

// What plainPNG passes decodes to pixels of that size, and holds no chunk but those of pixels.
func FuzzPlainPNG(f *testing.F) {
	var b bytes.Buffer
	if err := png.Encode(&b, pattern(4, 4)); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		size, err := plainPNG(data)
		if err != nil {
			return
		}
		for _, chunk := range []string{"tEXt", "zTXt", "iTXt", "eXIf", "iCCP"} {
			if bytes.Contains(data[:min(len(data), 40)], []byte(chunk)) {
				t.Errorf("%s passed", chunk)
			}
		}
		if c, err := png.DecodeConfig(bytes.NewReader(data)); err == nil && (c.Width != size.X || c.Height != size.Y) {
			t.Errorf("%v, and the decoder says %d x %d", size, c.Width, c.Height)
		}
	})
}

func FuzzPlainJPEG(f *testing.F) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, pattern(4, 4), nil); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		if plainJPEG(data) == nil && (bytes.Contains(data[:min(len(data), 20)], []byte("Exif")) || !bytes.HasSuffix(data, []byte("\xff\xd9"))) {
			t.Errorf("%q passed", data)
		}
	})
}

func FuzzPages(f *testing.F) {
	f.Add([]byte("II*\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00"), 0)
	f.Add([]byte("\x00\x00\x00\x0cftypheic\x00\x00\x00\x1ameta\x00\x00\x00\x00\x00\x00\x00\x0epitm\x00\x00\x00\x00\x00\x01"), 0)
	f.Fuzz(func(t *testing.T, data []byte, page int) {
		page &= 3
		for _, mediaType := range []string{"image/tiff", "image/heic"} {
			before := bytes.Clone(data)
			pages, one, err := pagesOf(mediaType, data, page)
			if !bytes.Equal(before, data) {
				t.Fatal("the file was changed")
			}
			if err == nil && (page >= pages || len(one) != len(data)) {
				t.Errorf("%d of %d, %d bytes", page, pages, len(one))
			}
		}
	})
}

// A mail or text of any kind yields valid UTF-8 without characters that change the direction of text.
func FuzzMail(f *testing.F) {
	f.Add([]byte("From: a\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\nhello\u202e\n--x--\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		v := new(View)
		if err := showMail(&Request{Data: data}, v); err == nil && bytes.ContainsAny([]byte(v.Text), "\u202e\u202d\u2066\x1b\x00") {
			t.Errorf("%q", v.Text)
		}
	})
}

func FuzzFrame(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x0e{\"op\":\"ready\"}"))
	f.Add([]byte("\x00\x00\x00\x0f{\"lengths\":[3]}abc"))
	f.Fuzz(func(t *testing.T, data []byte) {
		in, err := readFrame(bytes.NewReader(data), 1<<16)
		if err == nil && in.View != nil {
			_, _ = in.view()
		}
	})
}
