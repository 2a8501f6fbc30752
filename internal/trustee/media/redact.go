package media

import (
	"bytes"
	"image"
	"image/color"
	"image/png"

	"golang.org/x/image/draw"

	"zapis/internal/evidence/filekind"
	"zapis/internal/evidence/metadata"
)

const (
	maxBoxes   = 200
	redactSide = 2480 // the longest side of a redacted PDF page, in pixels: 210 dots an inch on A4
)

// redact burns black boxes into a page at full size and returns a PNG of opaque pixels.
func redact(r *Request, boxes []Box) ([]byte, error) {
	page, err := fullPage(r)
	if err != nil {
		return nil, err
	}
	b := page.Bounds()
	out := image.NewNRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	draw.Draw(out, out.Bounds(), image.White, image.Point{}, draw.Src)
	draw.Draw(out, out.Bounds(), page, b.Min, draw.Over)
	for _, box := range boxes {
		at := box.rectangle().Intersect(out.Bounds())
		if at.Empty() {
			return nil, refuse(BadBoxes)
		}
		draw.Draw(out, at, image.Black, image.Point{}, draw.Src)
	}
	var coded bytes.Buffer
	if err := png.Encode(&coded, out); err != nil {
		return nil, err
	}
	// The copy is compared with its source while both are in memory.
	again, err := png.Decode(bytes.NewReader(coded.Bytes()))
	if err != nil || !same(out, again) {
		return nil, refuse(NotProved)
	}
	return coded.Bytes(), nil
}

// fullPage decodes the page that boxes are drawn on, in the size that View reports.
func fullPage(r *Request) (image.Image, error) {
	if r.Page < 0 {
		return nil, refuse(NoSuchPage)
	}
	mediaType := filekind.Detect(r.Data, r.Name)
	if mediaType == "application/pdf" {
		d, err := openPDF(r.Data)
		if err != nil {
			return nil, err
		}
		defer d.Close()
		img, _, _, err := d.render(r.Page, redactSide)
		return img, err
	}
	img, _, err := decodePicture(mediaType, r.Data, r.Page)
	return img, err
}

func (b Box) rectangle() image.Rectangle {
	if b.X < 0 || b.Y < 0 || b.Width <= 0 || b.Height <= 0 || b.X > maxSide || b.Y > maxSide || b.Width > maxSide || b.Height > maxSide {
		return image.Rectangle{}
	}
	return image.Rect(b.X, b.Y, b.X+b.Width, b.Y+b.Height)
}

// same compares pixels of an opaque picture.
func same(a *image.NRGBA, b image.Image) bool {
	if a.Bounds() != b.Bounds() {
		return false
	}
	for y := range a.Rect.Dy() {
		for x := range a.Rect.Dx() {
			c := color.NRGBAModel.Convert(b.At(x, y)).(color.NRGBA)
			if c != a.NRGBAAt(x, y) {
				return false
			}
		}
	}
	return true
}

// prove decodes a redacted copy alone: every box is black throughout, and the file contains only pixels.
func prove(data []byte, boxes []Box) error {
	if _, err := plainPNG(data); err != nil {
		return refuse(NotProved)
	}
	if f := metadata.ScanBytes(data); f.Place() || f.Thumbnail || f.Trailing || f.Earlier || len(f.Unsearched) > 0 {
		return refuse(NotProved)
	}
	head, err := png.DecodeConfig(bytes.NewReader(data))
	if err != nil || checkSize(head) != nil {
		return refuse(NotProved)
	}
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return refuse(NotProved)
	}
	for _, box := range boxes {
		at := box.rectangle().Intersect(img.Bounds())
		if at.Empty() {
			return refuse(NotProved)
		}
		for y := at.Min.Y; y < at.Max.Y; y++ {
			for x := at.Min.X; x < at.Max.X; x++ {
				if r, g, b, a := img.At(x, y).RGBA(); r != 0 || g != 0 || b != 0 || a != 0xffff {
					return refuse(NotProved)
				}
			}
		}
	}
	return nil
}
