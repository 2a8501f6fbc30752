package media

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/bmp"
	"golang.org/x/image/draw"
	"golang.org/x/image/tiff"
	"golang.org/x/image/webp"
)

// A codec decodes one kind of picture. size reads the header alone.
type codec struct {
	size   func([]byte) (image.Config, error)
	decode func([]byte) (image.Image, error)
}

var codecs = map[string]codec{
	"image/jpeg": {func(b []byte) (image.Config, error) { return jpeg.DecodeConfig(bytes.NewReader(b)) },
		func(b []byte) (image.Image, error) { return jpeg.Decode(bytes.NewReader(b)) }},
	"image/png": {func(b []byte) (image.Config, error) { return png.DecodeConfig(bytes.NewReader(b)) },
		func(b []byte) (image.Image, error) { return png.Decode(bytes.NewReader(b)) }},
	"image/gif": {func(b []byte) (image.Config, error) { return gif.DecodeConfig(bytes.NewReader(b)) },
		func(b []byte) (image.Image, error) { return gif.Decode(bytes.NewReader(b)) }},
	"image/webp": {func(b []byte) (image.Config, error) { return webp.DecodeConfig(bytes.NewReader(b)) },
		func(b []byte) (image.Image, error) { return webp.Decode(bytes.NewReader(b)) }},
	"image/bmp": {func(b []byte) (image.Config, error) { return bmp.DecodeConfig(bytes.NewReader(b)) },
		func(b []byte) (image.Image, error) { return bmp.Decode(bytes.NewReader(b)) }},
	"image/tiff": {func(b []byte) (image.Config, error) { return tiff.DecodeConfig(bytes.NewReader(b)) },
		func(b []byte) (image.Image, error) { return tiff.Decode(bytes.NewReader(b)) }},
	"image/heic": {heicSize, heicDecode},
}

// codecOf returns the codec of a media type; one decoder may have several types.
func codecOf(mediaType string) (codec, bool) {
	switch mediaType {
	case "image/apng":
		mediaType = "image/png"
	case "image/heif":
		mediaType = "image/heic"
	}
	c, ok := codecs[mediaType]
	return c, ok
}

// pagesOf returns the pages of a picture file, and the file of one page: TIFF and HEIC may have several.
func pagesOf(mediaType string, data []byte, page int) (pages int, one []byte, err error) {
	pages, one = 1, data
	switch mediaType {
	case "image/tiff":
		pages, one, err = tiffPage(data, page)
	case "image/heic", "image/heif":
		pages, one, err = heicPage(data, page)
	}
	if err == nil && page >= pages {
		err = refuse(NoSuchPage)
	}
	return pages, one, err
}

// decodePicture returns a page of a picture file, upright. It refuses too many pixels by the header.
func decodePicture(mediaType string, data []byte, page int) (img image.Image, pages int, err error) {
	c, ok := codecOf(mediaType)
	if !ok {
		return nil, 0, refuse(NotShown)
	}
	pages, one, err := pagesOf(mediaType, data, page)
	if err != nil {
		return nil, 0, err
	}
	head, err := c.size(one)
	if err != nil {
		return nil, 0, err
	}
	if err := checkSize(head); err != nil {
		return nil, 0, err
	}
	img, err = c.decode(one)
	if err != nil {
		return nil, 0, err
	}
	if b := img.Bounds(); b.Empty() || b.Dx() > maxSide || b.Dy() > maxSide {
		return nil, 0, refuse(Damaged)
	}
	if mediaType != "image/heic" && mediaType != "image/heif" { // that decoder rotates pictures itself
		img = upright(img, orientation(mediaType, data))
	}
	return img, pages, nil
}

func checkSize(c image.Config) error {
	if c.Width <= 0 || c.Height <= 0 {
		return refuse(Damaged)
	}
	if c.Width > maxSide || c.Height > maxSide || float64(c.Width)*float64(c.Height) > MaxPixels {
		return refuse(TooManyPixels)
	}
	size := 4
	switch c.ColorModel {
	case color.RGBA64Model, color.NRGBA64Model:
		size = 8
	case color.YCbCrModel:
		size = 3
	case color.GrayModel:
		size = 1
	}
	if c.Width*c.Height*size > maxDecoded {
		return refuse(TooManyPixels)
	}
	return nil
}

func showPicture(r *Request, v *View) error {
	img, pages, err := decodePicture(v.MediaType, r.Data, r.Page)
	if err != nil {
		return err
	}
	v.Shape, v.Pages = ShapePicture, pages
	if pages > 1 {
		v.Shape = ShapePages
	}
	if animated(v.MediaType, r.Data) {
		v.Notes = append(v.Notes, NoteAnimated)
	}
	lossless := v.MediaType != "image/jpeg" && v.MediaType != "image/heic" && v.MediaType != "image/heif"
	return show(img, r, v, lossless)
}

// animated looks for what only a file of several frames has.
func animated(mediaType string, data []byte) bool {
	switch mediaType {
	case "image/gif":
		return bytes.Contains(data, []byte("NETSCAPE2.0"))
	case "image/apng":
		return true
	case "image/webp":
		return bytes.Contains(data[:min(len(data), 64)], []byte("ANIM"))
	}
	return false
}

// show sets the shown picture and its full size.
func show(img image.Image, r *Request, v *View, lossless bool) (err error) {
	v.Width, v.Height = img.Bounds().Dx(), img.Bounds().Dy()
	small := fit(img, r.Side)
	if r.Blurred {
		small, lossless = blur(small), false
	}
	v.Picture, v.PictureType, err = encode(small, lossless)
	return err
}

// fit scales a picture down until its longest side has at most side pixels. The result's pixels are a copy.
func fit(img image.Image, side int) *image.NRGBA {
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	if long := max(w, h); long > side {
		w, h = max(1, w*side/long), max(1, h*side/long)
	}
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	if w == b.Dx() && h == b.Dy() {
		draw.Draw(out, out.Bounds(), img, b.Min, draw.Src)
		return out
	}
	draw.ApproxBiLinear.Scale(out, out.Bounds(), shrunk(img, w, h), shrunkBounds(img, w, h), draw.Src, nil)
	return out
}

// shrunk first scales a much larger picture down by integer steps: every pixel counts then, and it is faster.
func shrunk(img image.Image, w, h int) image.Image {
	b := img.Bounds()
	n := min(b.Dx()/w, b.Dy()/h) / 2
	if n < 2 {
		return img
	}
	out := image.NewNRGBA(shrunkBounds(img, w, h))
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			out.SetNRGBA(x, y, average(img, b.Min.X+x*n, b.Min.Y+y*n, n))
		}
	}
	return out
}

func shrunkBounds(img image.Image, w, h int) image.Rectangle {
	b := img.Bounds()
	n := min(b.Dx()/w, b.Dy()/h) / 2
	if n < 2 {
		return b
	}
	return image.Rect(0, 0, b.Dx()/n, b.Dy()/n)
}

// average returns the colour of a square of n by n pixels, from at most four by four samples.
func average(img image.Image, x, y, n int) color.NRGBA {
	step := max(1, n/4)
	var r, g, b, a, count uint64
	for dy := 0; dy < n; dy += step {
		for dx := 0; dx < n; dx += step {
			cr, cg, cb, ca := img.At(x+dx, y+dy).RGBA()
			r, g, b, a, count = r+uint64(cr), g+uint64(cg), b+uint64(cb), a+uint64(ca), count+1
		}
	}
	c := color.RGBA64{uint16(r / count), uint16(g / count), uint16(b / count), uint16(a / count)}
	return color.NRGBAModel.Convert(c).(color.NRGBA)
}

// blur reduces a picture to a grey shadow of 16 pixels, drawn as large as the picture: enough to distinguish a page
// from a landscape.
func blur(img *image.NRGBA) *image.NRGBA {
	tiny := fit(img, 16)
	for i := 0; i+3 < len(tiny.Pix); i += 4 {
		c := color.GrayModel.Convert(color.NRGBA{tiny.Pix[i], tiny.Pix[i+1], tiny.Pix[i+2], tiny.Pix[i+3]}).(color.Gray)
		copy(tiny.Pix[i:], []byte{c.Y, c.Y, c.Y, 0xff})
	}
	out := image.NewNRGBA(img.Bounds())
	draw.BiLinear.Scale(out, out.Bounds(), tiny, tiny.Bounds(), draw.Src, nil)
	return out
}

// maxPNG is the size in bytes above which a lossless picture becomes a JPEG.
const maxPNG = 4 << 20

func encode(img *image.NRGBA, lossless bool) (b []byte, mediaType string, err error) {
	var out bytes.Buffer
	if lossless || !img.Opaque() {
		if err := png.Encode(&out, img); err != nil {
			return nil, "", err
		}
		if out.Len() <= maxPNG {
			return out.Bytes(), "image/png", nil
		}
		out.Reset()
	}
	flat := image.NewRGBA(img.Bounds())
	draw.Draw(flat, flat.Bounds(), image.White, image.Point{}, draw.Src)
	draw.Draw(flat, flat.Bounds(), img, image.Point{}, draw.Over)
	if err := jpeg.Encode(&out, flat, &jpeg.Options{Quality: 85}); err != nil {
		return nil, "", err
	}
	return out.Bytes(), "image/jpeg", nil
}

// differenceHash has one bit for each of 8 by 8 fields, row by row, the first field in the highest bit: whether it is darker
// than its right neighbour. Fields that differ by at most the noise of a coder, in steps of 255, count as equal.
func differenceHash(img image.Image) (hash uint64) {
	const w, h, noise = 9, 8, 3
	small := image.NewGray(image.Rect(0, 0, w, h))
	medium := fit(img, 128)
	draw.BiLinear.Scale(small, small.Bounds(), medium, medium.Bounds(), draw.Src, nil)
	for y := range h {
		for x := range w - 1 {
			hash <<= 1
			if int(small.GrayAt(x, y).Y)+noise < int(small.GrayAt(x+1, y).Y) {
				hash |= 1
			}
		}
	}
	return hash
}

// upright rotates a picture by Exif's orientation (1 to 8: CIPA DC-008, tag 0x0112).
func upright(img image.Image, orientation int) image.Image {
	if orientation < 2 || orientation > 8 {
		return img
	}
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	flat := image.NewNRGBA(image.Rect(0, 0, w, h))
	draw.Draw(flat, flat.Bounds(), img, b.Min, draw.Src)
	size := image.Rect(0, 0, w, h)
	if orientation >= 5 {
		size = image.Rect(0, 0, h, w)
	}
	out := image.NewNRGBA(size)
	for y := range h {
		for x := range w {
			var tx, ty int
			switch orientation {
			case 2:
				tx, ty = w-1-x, y
			case 3:
				tx, ty = w-1-x, h-1-y
			case 4:
				tx, ty = x, h-1-y
			case 5:
				tx, ty = y, x
			case 6:
				tx, ty = h-1-y, x
			case 7:
				tx, ty = h-1-y, w-1-x
			case 8:
				tx, ty = y, w-1-x
			}
			copy(out.Pix[out.PixOffset(tx, ty):][:4], flat.Pix[flat.PixOffset(x, y):][:4])
		}
	}
	return out
}
