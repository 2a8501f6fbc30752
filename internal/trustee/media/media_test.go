package media

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math"
	"math/bits"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/image/draw"
	"golang.org/x/image/tiff"

	"zapis/internal/shorttest"
	"zapis/internal/trustee/links"
)

// workerDir is where workerProgram builds the worker; TestMain removes it.
var workerDir string

// workerProgram builds the worker, once, for the first test that needs it: as programs are built, with the tag, without cgo,
// and without the race detector, which would need more addresses than a worker may have.
var workerProgram = sync.OnceValue(func() string {
	program := filepath.Join(workerDir, "worker")
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-tags", "nodynamic", "-ldflags=-w", "-o", program, "./testdata/worker")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		panic(fmt.Sprintf("the worker can't be built: %v\n%s", err, out))
	}
	return program
})

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "zapis-media-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	workerDir = dir
	code := m.Run()
	if _, err := os.Stat(filepath.Join(dir, "worker")); err == nil {
		_ = shared().Close()
	}
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

func newClient() *Client {
	c := NewClient(workerProgram(), Verb)
	c.timeout = 2 * time.Minute // of a busy machine
	return c
}

// shared is the client of the tests that leave it as it is: PDF's decoder is compiled once.
var shared = sync.OnceValue(newClient)

func testdata(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func pattern(w, h int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.SetNRGBA(x, y, color.NRGBA{uint8(x), uint8(y), 60, 255})
		}
	}
	return img
}

func encoded(t *testing.T, how func(*bytes.Buffer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := how(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pngFile(t *testing.T, img image.Image) []byte {
	return encoded(t, func(b *bytes.Buffer) error { return png.Encode(b, img) })
}

// jpegWith is a JPEG with a segment of Exif: the orientation, and a place where wanted.
func jpegWith(t *testing.T, img image.Image, orientation uint16, gps bool) []byte {
	b := encoded(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, img, nil) })
	x := []byte("Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08")
	entries := [][]byte{{0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, byte(orientation), 0, 0}}
	if gps {
		entries = append(entries, []byte{0x88, 0x25, 0, 4, 0, 0, 0, 1, 0, 0, 0, 38})
	}
	x = binary.BigEndian.AppendUint16(x, uint16(len(entries)))
	for _, e := range entries {
		x = append(x, e...)
	}
	x = append(x, 0, 0, 0, 0)
	if gps { // at 38: N 53 54 0, E 27 34 0
		x = append(x, 0, 4,
			0, 1, 0, 2, 0, 0, 0, 2, 'N', 0, 0, 0,
			0, 2, 0, 5, 0, 0, 0, 3, 0, 0, 0, 92,
			0, 3, 0, 2, 0, 0, 0, 2, 'E', 0, 0, 0,
			0, 4, 0, 5, 0, 0, 0, 3, 0, 0, 0, 116,
			0, 0, 0, 0)
		for _, n := range []uint32{53, 1, 54, 1, 0, 1, 27, 1, 34, 1, 0, 1} {
			x = binary.BigEndian.AppendUint32(x, n)
		}
	}
	segment := append(binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(x)+2)), x...)
	return slices.Concat(b[:2], segment, b[2:])
}

// twoPages joins two TIFFs: the second's directory comes after the first's.
func twoPages(t *testing.T, a, b image.Image) []byte {
	first := encoded(t, func(w *bytes.Buffer) error { return tiff.Encode(w, a, nil) })
	second := encoded(t, func(w *bytes.Buffer) error { return tiff.Encode(w, b, nil) })
	shift := uint32(len(first))
	at := binary.LittleEndian.Uint32(second[4:])
	n := uint32(binary.LittleEndian.Uint16(second[at:]))
	for i := range n { // what points somewhere moves along
		e := second[at+2+12*i:]
		typ, count := binary.LittleEndian.Uint16(e[2:]), binary.LittleEndian.Uint32(e[4:])
		size := map[uint16]uint32{1: 1, 2: 1, 3: 2, 4: 4, 5: 8}[typ] * count
		if tag := binary.LittleEndian.Uint16(e); size > 4 || tag == 273 {
			binary.LittleEndian.PutUint32(e[8:], binary.LittleEndian.Uint32(e[8:])+shift)
		}
	}
	ifd := binary.LittleEndian.Uint32(first[4:])
	next := ifd + 2 + 12*uint32(binary.LittleEndian.Uint16(first[ifd:]))
	binary.LittleEndian.PutUint32(first[next:], at+shift)
	return append(first, second...)
}

func pdfFile(pages int, more string) []byte {
	b := "%PDF-1.4\n1 0 obj\n<</Type /Catalog /Pages 2 0 R " + more + ">>\nendobj\n2 0 obj\n<</Type /Pages /Count " + fmt.Sprint(pages) + " /Kids ["
	for i := range pages {
		b += fmt.Sprintf("%d 0 R ", 10+i)
	}
	b += "]>>\nendobj\n3 0 obj\n<</Author (Anna \\(a@b.example\\)) /Title (Letter)>>\nendobj\n"
	for i := range pages {
		content := fmt.Sprintf("1 0 0 rg %d 100 50 50 re f", 20+60*i)
		b += fmt.Sprintf("%d 0 obj\n<</Type /Page /Parent 2 0 R /MediaBox [0 0 200 300] /Contents %d 0 R>>\nendobj\n%d 0 obj\n<</Length %d>>\nstream\n%s\nendstream\nendobj\n",
			10+i, 100+i, 100+i, len(content), content)
	}
	return []byte(b + "trailer\n<</Root 1 0 R /Info 3 0 R>>\n%%EOF\n")
}

func wavFile(seconds float64, rate, channels int) []byte {
	var pcm []byte
	for i := range int(seconds * float64(rate)) {
		for range channels {
			pcm = binary.LittleEndian.AppendUint16(pcm, uint16(int16(12000*math.Sin(2*math.Pi*440*float64(i)/float64(rate)))))
		}
	}
	h := wavHeader(len(pcm))
	binary.LittleEndian.PutUint16(h[22:], uint16(channels))
	binary.LittleEndian.PutUint32(h[24:], uint32(rate))
	return append(h, pcm...)
}

func decodedPicture(t *testing.T, v *View) image.Image {
	t.Helper()
	img, kind, err := image.Decode(bytes.NewReader(v.Picture))
	if err != nil || "image/"+kind != v.PictureType {
		t.Fatalf("%s: %v", kind, err)
	}
	return img
}

func red(c color.Color) bool {
	r, g, b, _ := c.RGBA()
	return r>>8 > 150 && g>>8 < 90 && b>>8 < 90
}

func blue(c color.Color) bool {
	r, g, b, _ := c.RGBA()
	return b>>8 > 150 && g>>8 < 90 && r>>8 < 90
}

func TestPictures(t *testing.T) {
	shorttest.Skip(t, "no picture is drawn, by a worker that is built first")
	c := shared()
	right := func(img image.Image) color.Color {
		b := img.Bounds()
		return img.At(b.Dx()*9/10, b.Dy()/2)
	}
	half := pattern(128, 96)
	for y := range 96 {
		for x := 65; x < 128; x++ {
			half.SetNRGBA(x, y, color.NRGBA{200, 30, 30, 255})
		}
	}
	other := image.NewNRGBA(image.Rect(0, 0, 128, 96))
	for i := 0; i < len(other.Pix); i += 4 {
		copy(other.Pix[i:], []byte{30, 30, 200, 255})
	}
	big := image.NewNRGBA(image.Rect(0, 0, 1280, 960))
	for y := range 960 {
		for x := range 1280 {
			big.SetNRGBA(x, y, half.NRGBAAt(x/10, y/10))
		}
	}
	var hashes []uint64
	for _, tt := range []struct {
		name      string
		data      []byte
		mediaType string
		page      int
		pages     int
		w, h      int
		is        func(color.Color) bool
	}{
		{"a.png", pngFile(t, half), "image/png", 0, 1, 128, 96, red},
		{"a.png", pngFile(t, big), "image/png", 0, 1, 1280, 960, red},
		{"a.jpg", encoded(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, half, nil) }), "image/jpeg", 0, 1, 128, 96, red},
		{"a.gif", encoded(t, func(b *bytes.Buffer) error { return gif.Encode(b, half, nil) }), "image/gif", 0, 1, 128, 96, red},
		{"a.webp", testdata(t, "a.webp"), "image/webp", 0, 1, 128, 96, red},
		{"a.tif", twoPages(t, half, other), "image/tiff", 0, 2, 128, 96, red},
		{"a.tif", twoPages(t, half, other), "image/tiff", 1, 2, 128, 96, blue},
		{"a.heic", testdata(t, "one.heic"), "image/heic", 0, 1, 128, 96, red},
		{"a.heic", testdata(t, "two.heic"), "image/heic", 0, 2, 128, 96, red},
		{"a.heic", testdata(t, "two.heic"), "image/heic", 1, 2, 128, 96, blue},
	} {
		v, err := c.View(t.Context(), Request{Data: tt.data, Name: tt.name, Page: tt.page, Side: 600})
		if err != nil || v.Refused != "" {
			t.Errorf("%s: %v %+v", tt.name, err, v)
			continue
		}
		if v.MediaType != tt.mediaType || v.Pages != tt.pages || v.Width != tt.w || v.Height != tt.h || v.Place {
			t.Errorf("%s: %+v", tt.name, v)
		}
		img := decodedPicture(t, v)
		if !tt.is(right(img)) || img.Bounds().Dx() != min(600, tt.w) {
			t.Errorf("%s: %v is on the right, %v", tt.name, right(img), img.Bounds())
		}
		if tt.page == 0 {
			h, err := c.Hash(t.Context(), Request{Data: tt.data, Name: tt.name})
			if err != nil || h == 0 {
				t.Errorf("%s: %x, %v", tt.name, h, err)
			}
			hashes = append(hashes, h)
		}
	}
	// The fields of this picture differ by as much as a coder's noise, so that codings differ in more bits than those of
	// photographs do (TestHashesOfNearPictures).
	for _, h := range hashes[1:] {
		if bits.OnesCount64(h^hashes[0]) > 10 {
			t.Errorf("%x and %x are hashes of the same picture", h, hashes[0])
		}
	}
}

// scene is a picture with the properties of a photograph: many soft spots of light and shade, and noise.
func scene(seed uint64) *image.NRGBA {
	const w, h = 320, 240
	r := rand.New(rand.NewPCG(seed, 1))
	light := make([]float64, w*h)
	for range 24 {
		x, y, radius, gain := r.Float64()*w, r.Float64()*h, 15+r.Float64()*70, r.Float64()*160-80
		for i := range light {
			dx, dy := float64(i%w)-x, float64(i/w)-y
			light[i] += gain * math.Exp(-(dx*dx+dy*dy)/(2*radius*radius))
		}
	}
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i, l := range light {
		v := uint8(max(0, min(255, 128+l+r.NormFloat64()*4)))
		img.SetNRGBA(i%w, i/w, color.NRGBA{v, uint8(int(v) * 7 / 8), v / 2, 255})
	}
	return img
}

// The hash of a picture stays within links.Distance when the picture is coded again, scaled, darkened or cropped by little,
// and those of other pictures are farther away.
func TestHashesOfNearPictures(t *testing.T) {
	shorttest.Skip(t, "hashes of pictures are not compared")
	coded := func(img image.Image, quality int) image.Image {
		b := encoded(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, img, &jpeg.Options{Quality: quality}) })
		out, err := jpeg.Decode(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	scaled := func(img image.Image, w, h int) image.Image {
		out := image.NewNRGBA(image.Rect(0, 0, w, h))
		draw.CatmullRom.Scale(out, out.Rect, img, img.Bounds(), draw.Src, nil)
		return out
	}
	dark := func(img *image.NRGBA) image.Image {
		out := image.NewNRGBA(img.Rect)
		for i, p := range img.Pix {
			out.Pix[i] = p
			if i%4 < 3 {
				out.Pix[i] = p - p/5
			}
		}
		return out
	}
	var all []uint64
	for seed := range uint64(12) {
		img := scene(seed)
		whole := differenceHash(img)
		for name, other := range map[string]image.Image{
			"coded again at quality 30": coded(img, 30), "at half its size": scaled(img, 160, 120), "at twice its size": scaled(img, 640, 480),
			"scaled, then coded": coded(scaled(img, 200, 150), 60), "a fifth darker": dark(img),
			"cropped by 2 % at each edge":  img.SubImage(image.Rect(6, 4, 314, 236)),
			"cropped by 3 % at the bottom": img.SubImage(image.Rect(0, 0, 320, 233)),
			"cropped by 3 % at the left":   img.SubImage(image.Rect(10, 0, 320, 240)),
		} {
			if d := bits.OnesCount64(whole ^ differenceHash(other)); d > links.Distance {
				t.Errorf("scene %d, %s: %d bits differ", seed, name, d)
			}
		}
		for i, h := range all {
			if d := bits.OnesCount64(whole ^ h); d <= links.Distance {
				t.Errorf("scenes %d and %d differ in %d bits", i, seed, d)
			}
		}
		all = append(all, whole)
	}
}

// What is no picture, or can't be decoded, has the hash 0 and no error, and the worker goes on; an error is for what concerns
// every file.
func TestHash(t *testing.T) {
	shorttest.Skip(t, "no worker, which is built first, computes a hash")
	c := newClient()
	hash := func(name string, data []byte) uint64 {
		t.Helper()
		h, err := c.Hash(t.Context(), Request{Data: data, Name: name})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		return h
	}
	img := scene(1)
	if got, want := hash("a.png", pngFile(t, img)), differenceHash(img); got != want || got == 0 {
		t.Errorf("%x, want %x", got, want)
	}
	pid := c.lanes[laneHash].proc.cmd.Process.Pid
	for name, data := range map[string][]byte{"a.txt": []byte("a text"), "a.pdf": pdfFile(1, ""), "cut.png": pngFile(t, img)[:900], "huge.png": hugePNG(60_000, 60_000), "empty": nil} {
		if got := hash(name, data); got != 0 {
			t.Errorf("%s: %x", name, got)
		}
	}
	if c.lanes[laneHash].proc.cmd.Process.Pid != pid || c.lanes[laneShow].proc != nil {
		t.Error("the worker was replaced, or another one was started")
	}
	c.StopHashing()
	if c.lanes[laneHash].proc != nil {
		t.Error("the worker is still there")
	}
	if hash("a.png", pngFile(t, img)) == 0 {
		t.Error("no other worker was started")
	}
	_ = c.Close()
	if _, err := c.Hash(t.Context(), Request{Data: pngFile(t, img)}); codeOf(err) != ClientClosed {
		t.Errorf("closed: %v", err)
	}
	for _, mode := range []string{"crash", "babble"} {
		broken := NewClient(workerProgram(), mode)
		if h, err := broken.Hash(t.Context(), Request{Data: []byte("x")}); h != 0 || err != nil {
			t.Errorf("%s: %x, %v", mode, h, err)
		}
		_ = broken.Close()
	}
	if _, err := NewClient(filepath.Join(t.TempDir(), "nowhere"), Verb).Hash(t.Context(), Request{Data: []byte("x")}); codeOf(err) != NotStarted {
		t.Errorf("no program: %v", err)
	}
}

func TestPicturesAreTurnedUprightAndBlurred(t *testing.T) {
	shorttest.Skip(t, "no picture is turned or blurred by a worker, which is built first")
	c := shared()
	img := image.NewNRGBA(image.Rect(0, 0, 80, 40))
	for y := range 40 {
		for x := range 80 {
			img.SetNRGBA(x, y, color.NRGBA{255, 255, 255, 255})
			if x < 20 && y < 20 {
				img.SetNRGBA(x, y, color.NRGBA{200, 30, 30, 255})
			}
		}
	}
	// Where the red corner must be: 0 upper left, 1 upper right, 2 lower left, 3 lower right.
	for orientation, corner := range map[uint16]int{1: 0, 2: 1, 3: 3, 4: 2, 5: 0, 6: 1, 7: 3, 8: 2} {
		v, err := c.View(t.Context(), Request{Data: jpegWith(t, img, orientation, orientation == 6), Name: "a.jpg"})
		if err != nil || v.Refused != "" {
			t.Fatalf("%v %+v", err, v)
		}
		out := decodedPicture(t, v)
		b := out.Bounds()
		if (orientation >= 5) != (b.Dy() > b.Dx()) || v.Width != b.Dx() || v.Height != b.Dy() {
			t.Errorf("orientation %d: %v", orientation, b)
		}
		at := []image.Point{{8, 8}, {b.Dx() - 8, 8}, {8, b.Dy() - 8}, {b.Dx() - 8, b.Dy() - 8}}
		for i, p := range at {
			if red(out.At(p.X, p.Y)) != (i == corner) {
				t.Errorf("orientation %d: corner %d is %v", orientation, i, out.At(p.X, p.Y))
			}
		}
		if v.Place != (orientation == 6) {
			t.Errorf("place: %+v", v)
		}
		if v.Place && (math.Abs(v.Latitude-53.9) > 0.001 || math.Abs(v.Longitude-27.5667) > 0.001 || !slices.Equal(v.Places, []string{"Exif"})) {
			t.Errorf("%v %v %v", v.Latitude, v.Longitude, v.Places)
		}
		if !slices.ContainsFunc(v.Metadata, func(f Field) bool { return f.Name == "Orientation" && f.Value == fmt.Sprint(orientation) }) {
			t.Errorf("%v", v.Metadata)
		}
	}
	v, err := c.View(t.Context(), Request{Data: pngFile(t, img), Name: "a.png", Blurred: true})
	if err != nil {
		t.Fatal(err)
	}
	out := decodedPicture(t, v)
	for y := range out.Bounds().Dy() {
		for x := range out.Bounds().Dx() {
			r, g, b, _ := out.At(x, y).RGBA()
			if r>>8 != g>>8 || g>>8 != b>>8 {
				t.Fatalf("%v at %d,%d is no grey", out.At(x, y), x, y)
			}
		}
	}
}

func TestPDF(t *testing.T) {
	shorttest.Skip(t, "no PDF is drawn, by a worker that is built first")
	c := shared()
	v, err := c.View(t.Context(), Request{Data: pdfFile(2, "/OpenAction <</S /JavaScript /JS (app.alert\\(1\\))>>"), Name: "a.pdf", Page: 1, Side: 300})
	if err != nil || v.Refused != "" {
		t.Fatalf("%v %+v", err, v)
	}
	img := decodedPicture(t, v)
	if v.Pages != 2 || v.Shape != ShapePages || img.Bounds() != image.Rect(0, 0, 200, 300) || !red(img.At(105, 175)) || red(img.At(45, 175)) {
		t.Errorf("%+v %v", v, img.Bounds())
	}
	if !slices.Contains(v.Notes, NoteScripts) {
		t.Errorf("the script is not told: %v", v.Notes)
	}
	if !slices.Contains(v.Metadata, Field{"PDF", "Author", "Anna (a@b.example)"}) {
		t.Errorf("%v", v.Metadata)
	}
	for want, data := range map[Code][]byte{NoSuchPage: pdfFile(1, ""), Damaged: []byte("%PDF-1.7\nnothing\n%%EOF\n")} {
		v, err := c.View(t.Context(), Request{Data: data, Name: "a.pdf", Page: 1})
		if err != nil || v.Refused != want {
			t.Errorf("%v %+v, want %s", err, v, want)
		}
	}
	if v, err := c.View(t.Context(), Request{Data: sealedPDF(t), Name: "a.pdf"}); err != nil || v.Refused != Password {
		t.Errorf("%v %+v", err, v)
	}
	r, err := c.Redact(t.Context(), Request{Data: pdfFile(1, ""), Name: "a.pdf"}, []Box{{X: 160, Y: 1200, Width: 500, Height: 500}}, "a signature")
	if err != nil {
		t.Fatal(err)
	}
	copied, err := png.Decode(bytes.NewReader(r.PNG))
	if err != nil || r.Record.Height != redactSide || !black(copied.At(300, 1400)) || bytes.Contains(r.PNG, []byte("Anna")) {
		t.Errorf("%v %+v", err, r.Record)
	}
	if w, h := scaled(200, 300); r.Record.Width != w || r.Record.Height != h {
		t.Errorf("%d x %d, and the view says %d x %d", r.Record.Width, r.Record.Height, w, h)
	}
}

func sealedPDF(t *testing.T) []byte {
	t.Helper()
	in, out := filepath.Join(t.TempDir(), "a.pdf"), filepath.Join(t.TempDir(), "b.pdf")
	if err := os.WriteFile(in, pdfFile(1, ""), 0o600); err != nil {
		t.Fatal(err)
	}
	if message, err := exec.Command("qpdf", "--encrypt", "x", "y", "256", "--", in, out).CombinedOutput(); err != nil && !bytes.Contains(message, []byte("succeeded with warnings")) {
		t.Fatalf("%v\n%s", err, message)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func black(c color.Color) bool {
	r, g, b, a := c.RGBA()
	return r == 0 && g == 0 && b == 0 && a == 0xffff
}

// Each sound is a tone of 440 Hz: it crosses zero 880 times a second.
func TestSound(t *testing.T) {
	shorttest.Skip(t, "no sound is played, by a worker that is built first")
	c := shared()
	for name, data := range map[string][]byte{
		"tone.wav": wavFile(1, 16_000, 1), "stereo.wav": wavFile(1, 48_000, 2), "low.wav": wavFile(1, 8_000, 1), "cd.wav": wavFile(1, 44_100, 2),
		"tone.opus": testdata(t, "tone.opus"), "tone.flac": testdata(t, "tone.flac"), "tone.mp3": testdata(t, "tone.mp3"),
	} {
		v, err := c.View(t.Context(), Request{Data: data, Name: name})
		if err != nil || v.Refused != "" {
			t.Errorf("%s: %v %+v", name, err, v)
			continue
		}
		if v.Shape != ShapeSound || v.Pages != 1 || plainWAV(v.Sound) != nil || v.PictureType != "image/png" || slices.Contains(v.Notes, NoteCut) {
			t.Errorf("%s: %+v", name, v)
		}
		samples := v.Sound[wavHeaderSize:]
		seconds := float64(len(samples)/2) / soundRate
		crossings, before, loud := 0, int16(0), 0
		for i := 0; i+1 < len(samples); i += 2 {
			s := int16(binary.LittleEndian.Uint16(samples[i:]))
			loud = max(loud, int(s))
			if s > -2000 && s < 2000 { // around the tone is silence, which crosses too
				continue
			}
			if (s < 0) != (before < 0) {
				crossings++
			}
			before = s
		}
		if seconds < 0.95 || seconds > 1.2 || crossings < 840 || crossings > 960 || loud < 8000 {
			t.Errorf("%s: %.2f s, %d crossings, loudest %d", name, seconds, crossings, loud)
		}
	}
	long := wavFile(1, 8_000, 1)
	long = append(long, make([]byte, 8_000*2*700)...)
	binary.LittleEndian.PutUint32(long[40:], uint32(len(long)-44))
	v, err := c.View(t.Context(), Request{Data: long, Name: "long.wav"})
	if err != nil || v.Pages != 2 || len(v.Sound) != wavHeaderSize+2*600*soundRate {
		t.Errorf("%v %d pages, %d bytes", err, v.Pages, len(v.Sound))
	}
	if v, err = c.View(t.Context(), Request{Data: long, Name: "long.wav", Page: 1}); err != nil || v.Pages != 2 || len(v.Sound) != wavHeaderSize+2*101*soundRate {
		t.Errorf("%v %d pages, %d bytes", err, v.Pages, len(v.Sound))
	}
	if v, err = c.View(t.Context(), Request{Data: long, Name: "long.wav", Page: 2}); err != nil || v.Refused != NoSuchPage {
		t.Errorf("%v %+v", err, v.Refused)
	}
	cut := wavFile(1, 16_000, 1)
	if v, err = c.View(t.Context(), Request{Data: cut[:20_000], Name: "cut.wav"}); err != nil || !slices.Contains(v.Notes, NoteCut) || v.Shape != ShapeSound {
		t.Errorf("%v %+v", err, v)
	}
}

func TestText(t *testing.T) {
	shorttest.Skip(t, "not tested: texts in each encoding")
	c := shared()
	cp1251 := []byte("\xcf\xf0\xe8\xe2\xe5\xf2, \xec\xe8\xf0")
	utf16 := []byte("\xff\xfe\x1f\x04\x40\x04")
	for _, tt := range []struct {
		name, data, want string
		note             Note
	}{
		{"a.txt", "Line one\r\nline two\rthree", "Line one\nline two\nthree", ""},
		{"a.txt", "evil\u202egpj.exe <b>&", `evil\u{202e}gpj.exe <b>&`, ""},
		{"a.txt", "a\tb\x1b[2J", "a\tb\\u{1b}[2J", ""},
		{"a.txt", string(cp1251), "Привет, мир", NoteGuessed},
		{"a.txt", string(utf16), "Пр", ""},
		{"chat.txt", "\ufeff[12.05.26, 10:01] Анна: \u200eпрывітанне", "[12.05.26, 10:01] Анна: \\u{200e}прывітанне", ""},
		{"a.svg", `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`, `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`, NoteScripts},
		{"a.eml", "X-Mozilla-Status: 0001\r\nFrom: =?utf-8?B?0JDQvdC90LA=?= <a@b.example>\r\nSubject: =?koi8-r?B?8NLJ18XU?=\r\n" +
			"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: multipart/alternative; boundary=y\r\n\r\n" +
			"--y\r\nContent-Type: text/plain; charset=windows-1251\r\nContent-Transfer-Encoding: base64\r\n\r\nz/Do4uXy\r\n" +
			"--y\r\nContent-Type: text/html\r\n\r\n<b>not shown</b>\r\n--y--\r\n" +
			"--x\r\nContent-Type: image/jpeg; name=\"a.jpg\"\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--x--\r\n",
			"From: Анна <a@b.example>\nSubject: Привет\n\nПривет\n\n[a.jpg, image/jpeg, 3 bytes]\n", ""},
		{"a.eml", "From: a\nTo: b\nContent-Type: text/html\n\n<p>one<style>p{}</style><p>two &amp; three<script>x()</script>", "From: a\nTo: b\n\n\none \ntwo & three ", NoteHTML},
		{"a.eml", "From: a\nTo: b\n\nplain", "From: a\nTo: b\n\nplain", ""},
	} {
		v, err := c.View(t.Context(), Request{Data: []byte(tt.data), Name: tt.name})
		if err != nil || v.Shape != ShapeText || v.Text != tt.want {
			t.Errorf("%s: %v %q, want %q", tt.name, err, v.Text, tt.want)
		}
		if tt.note != "" && !slices.Contains(v.Notes, tt.note) {
			t.Errorf("%s: %v", tt.name, v.Notes)
		}
	}
	long := strings.Repeat("радок\n", 20_000)
	var all strings.Builder
	for page, pages := 0, 1; page < pages; page++ {
		v, err := c.View(t.Context(), Request{Data: []byte(long), Name: "a.txt", Page: page})
		if err != nil {
			t.Fatal(err)
		}
		pages = v.Pages
		all.WriteString(v.Text)
	}
	if all.String() != long {
		t.Error("the pages do not make up the text")
	}
	// 16,000 pictures of one sign, with joiners.
	if v, err := c.View(t.Context(), Request{Data: []byte(strings.Repeat("👩\u200d🚀", 16_000)), Name: "a.txt"}); err != nil || v.Shape != ShapeText {
		t.Errorf("%v %+v", err, v.Refused)
	}
}

func TestNotShown(t *testing.T) {
	c := shared()
	for name, data := range map[string][]byte{
		"a.mp4": []byte("\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom\x00\x00\x00\x08mdat"), "a.exe": append([]byte("MZ"), make([]byte, 300)...),
		"a.zip": []byte("PK\x03\x04"), "a.bin": {0, 1, 2, 3}, "a.ogg": []byte("OggS\x00\x02" + strings.Repeat("\x00", 22) + "\x01\x1e\x01vorbis"),
	} {
		v, err := c.View(t.Context(), Request{Data: data, Name: name})
		if err != nil || v.Refused != NotShown || v.Shape != "" {
			t.Errorf("%s: %v %+v", name, err, v)
		}
	}
}

// hugePNG reports that it has so many pixels.
func hugePNG(w, h uint32) []byte {
	b := []byte(pngSignature + "\x00\x00\x00\x0d")
	head := []byte("IHDR")
	head = binary.BigEndian.AppendUint32(head, w)
	head = binary.BigEndian.AppendUint32(head, h)
	head = append(head, 8, 6, 0, 0, 0)
	return binary.BigEndian.AppendUint32(append(b, head...), crc32.ChecksumIEEE(head))
}

func TestHostile(t *testing.T) {
	shorttest.Skip(t, "no hostile file is given to a worker, which is built first")
	c := shared()
	photo := jpegWith(t, pattern(64, 64), 1, true)
	hugeGIF := encoded(t, func(b *bytes.Buffer) error { return gif.Encode(b, pattern(8, 8), nil) })
	copy(hugeGIF[6:], []byte{0x60, 0xea, 0x60, 0xea}) // 60,000
	for what, tt := range map[string]struct {
		name string
		data []byte
		want Code
	}{
		"a PNG of 60,000 x 60,000":           {"a.png", hugePNG(60_000, 60_000), TooManyPixels},
		"a PNG of 2^31 x 1":                  {"a.png", hugePNG(1<<31-1, 1), TooManyPixels},
		"a PNG of 11,000 x 11,000":           {"a.png", hugePNG(11_000, 11_000), TooManyPixels},
		"a GIF of 60,000 x 60,000":           {"a.gif", hugeGIF, TooManyPixels},
		"a JPEG that is cut":                 {"a.jpg", photo[:len(photo)/2], Damaged},
		"a PNG that is cut":                  {"a.png", pngFile(t, pattern(64, 64))[:100], Damaged},
		"an HEIC that is cut":                {"a.heic", testdata(t, "one.heic")[:400], Damaged},
		"an Opus that is cut in its header":  {"a.opus", testdata(t, "tone.opus")[:60], Damaged},
		"a FLAC that is cut in its header":   {"a.flac", testdata(t, "tone.flac")[:30], Damaged},
		"a TIFF that points at itself":       {"a.tif", []byte("II*\x00\x08\x00\x00\x00\x00\x00\x08\x00\x00\x00"), Damaged},
		"a PDF that is nothing":              {"a.pdf", []byte("%PDF-1.7\n"), Damaged},
		"a page before the first":            {"a.txt", []byte("x"), ""},
		"a WAV of no samples a second":       {"a.wav", wavFile(0.1, 0, 1), NotShown},
		"a WAV that says it has 4 GiB":       {"a.wav", append([]byte("RIFF\xff\xff\xff\xffWAVEdata\xff\xff\xff\xff"), make([]byte, 10)...), NotShown},
		"a mail of boundaries in boundaries": {"a.eml", []byte("From: a\nTo: b\nContent-Type: multipart/mixed; boundary=x\n\n" + strings.Repeat("--x\nContent-Type: multipart/mixed; boundary=x\n\n", 500)), ""},
	} {
		v, err := c.View(t.Context(), Request{Data: tt.data, Name: tt.name})
		if err != nil || v.Refused != tt.want {
			t.Errorf("%s: %v %+v, want %q", what, err, v, tt.want)
		}
		if tt.want != "" && len(v.Picture)+len(v.Sound)+len(v.Text) > 0 {
			t.Errorf("%s: refused, and something is shown", what)
		}
	}
	if _, err := c.View(t.Context(), Request{Data: make([]byte, MaxInput+1)}); codeOf(err) != TooLarge {
		t.Error(err)
	}
	if _, err := c.View(t.Context(), Request{Data: []byte("x"), Name: "a.txt", Page: -1}); codeOf(err) != NoSuchPage {
		t.Error(err)
	}
	// Whatever is cut off or turned, the worker answers and lives.
	for _, name := range []string{"one.heic", "two.heic", "a.webp", "tone.opus", "tone.flac", "tone.mp3"} {
		data := testdata(t, name)
		for n := 0; n < len(data); n += 1 + len(data)/8 {
			turned := slices.Clone(data)
			turned[n] ^= 0x5a
			for _, d := range [][]byte{data[:n], turned} {
				if _, err := c.View(t.Context(), Request{Data: d, Name: name}); err != nil {
					t.Errorf("%s at %d: %v", name, n, err)
				}
			}
		}
	}
}

func TestRedact(t *testing.T) {
	shorttest.Skip(t, "nothing is redacted, by a worker that is built first")
	c := shared()
	source := jpegWith(t, pattern(200, 100), 6, true) // upright it is 100 x 200
	boxes := []Box{{10, 20, 30, 40}, {90, 190, 50, 50}}
	r, err := c.Redact(t.Context(), Request{Data: source, Name: "a.jpg"}, boxes, "faces of others")
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(r.PNG))
	if err != nil || img.Bounds() != image.Rect(0, 0, 100, 200) {
		t.Fatalf("%v %v", err, img.Bounds())
	}
	for _, p := range []struct {
		at    image.Point
		black bool
	}{{image.Pt(10, 20), true}, {image.Pt(39, 59), true}, {image.Pt(40, 60), false}, {image.Pt(9, 20), false}, {image.Pt(99, 199), true}, {image.Pt(89, 189), false}} {
		if black(img.At(p.at.X, p.at.Y)) != p.black {
			t.Errorf("%v is %v", p.at, img.At(p.at.X, p.at.Y))
		}
	}
	if r.Record.Reason != "faces of others" || r.Record.Source == r.Record.Result || len(r.Record.Source) != 64 || !slices.Equal(r.Record.Boxes, boxes) || r.Record.Width != 100 {
		t.Errorf("%+v", r.Record)
	}
	for _, boxes := range [][]Box{nil, {{200, 0, 10, 10}}, {{0, 0, 0, 5}}, {{-5, 0, 10, 10}}, {{0, 0, 10, 10}, {0, 500, 1, 1}}, {{X: math.MaxInt, Width: 5, Height: 5}}} {
		if _, err := c.Redact(t.Context(), Request{Data: source, Name: "a.jpg"}, boxes, "x"); codeOf(err) != BadBoxes {
			t.Errorf("%v: %v", boxes, err)
		}
	}
	if _, err := c.Redact(t.Context(), Request{Data: []byte("text"), Name: "a.txt"}, boxes, "x"); codeOf(err) != NotShown {
		t.Error(err)
	}
	// The proof refuses a copy that is not one.
	good := r.PNG
	for what, bad := range map[string][]byte{
		"no boxes":     pngFile(t, pattern(100, 200)),
		"bytes behind": append(slices.Clone(good), "secret"...),
		"a comment":    slices.Concat(good[:33], textChunk("tEXt", "Comment\x00secret"), good[33:]),
		"Exif":         slices.Concat(good[:33], textChunk("eXIf", "II*\x00\x08\x00\x00\x00\x00\x00"), good[33:]),
		"the original": source,
		"cut":          good[:len(good)-5],
	} {
		if err := prove(bad, boxes); codeOf(err) != NotProved {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := prove(good, boxes); err != nil {
		t.Error(err)
	}
}

func textChunk(name, content string) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(content)))
	b = append(b, name+content...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE([]byte(name+content)))
}

// A worker that fails in whichever way is replaced, and the caller gets a code.
func TestBrokenWorkers(t *testing.T) {
	shorttest.Skip(t, "no worker, which is built first, breaks")
	for mode, want := range map[string]Code{"hang": TimedOut, "crash": Crashed, "lie": BadAnswer, "babble": BadAnswer, "leave": Crashed} {
		c := NewClient(workerProgram(), mode)
		if mode == "hang" {
			c.timeout = 300 * time.Millisecond
		}
		for range 2 {
			_, err := c.View(t.Context(), Request{Data: bytes.Repeat([]byte("x"), 100), Name: "a.txt"})
			if codeOf(err) != want || err.Error() != sentences[want] {
				t.Errorf("%s: %v, want %s", mode, err, want)
			}
		}
		for i := range c.lanes {
			if c.lanes[i].proc != nil {
				t.Errorf("%s: the worker is still there", mode)
			}
		}
		_ = c.Close()
	}
	c := NewClient(filepath.Join(t.TempDir(), "nowhere"), Verb)
	if _, err := c.View(t.Context(), Request{Data: []byte("x")}); codeOf(err) != NotStarted {
		t.Error(err)
	}
}

func TestReplaced(t *testing.T) {
	shorttest.Skip(t, "no worker, which is built first, is replaced")
	c := newClient()
	ask := func() error {
		_, err := c.View(t.Context(), Request{Data: []byte("x"), Name: "a.txt"})
		return err
	}
	if err := ask(); err != nil {
		t.Fatal(err)
	}
	first := c.lanes[0].proc.cmd.Process
	if err := first.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := ask(); codeOf(err) != Crashed {
		t.Errorf("%v", err)
	}
	if err := ask(); err != nil || c.lanes[0].proc.cmd.Process.Pid == first.Pid {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.View(ctx, Request{Data: []byte("x")}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	_ = c.Close()
	if err := ask(); codeOf(err) != ClientClosed {
		t.Error(err)
	}
}

// The worker has no more than its three standard files, no network and no file: the kernel confirms it.
func TestWorkerIsIsolated(t *testing.T) {
	shorttest.Skip(t, "the kernel is not asked for a worker's limits: it is built first")
	if runtime.GOOS != "linux" {
		c := shared()
		if _, err := c.View(t.Context(), Request{Data: []byte("x")}); codeOf(err) != NotIsolated {
			t.Error(err)
		}
		return
	}
	trace := filepath.Join(t.TempDir(), "trace")
	c := NewClient("strace", "-f", "-qq", "-o", trace, "-e", "trace=open,openat,creat,socket,connect,execve,memfd_create,unlink,mkdir,rename,seccomp", workerProgram(), Verb)
	c.timeout = 5 * time.Minute
	for _, r := range []Request{{Data: pngFile(t, pattern(20, 20)), Name: "a.png"}, {Data: testdata(t, "one.heic"), Name: "a.heic"}, {Data: testdata(t, "tone.opus"), Name: "a.opus"}} {
		if v, err := c.View(t.Context(), r); err != nil || v.Refused != "" {
			t.Fatalf("%s: %v %+v", r.Name, err, v)
		}
	}
	_ = c.lanes[0].proc.in.Close()
	_ = c.lanes[0].proc.cmd.Wait()
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	_, after, ok := strings.Cut(string(text), "seccomp(")
	if !ok {
		t.Fatalf("no filter was installed:\n%s", text)
	}
	for line := range strings.Lines(after[strings.IndexByte(after, '\n')+1:]) {
		if strings.Contains(line, "(") && !strings.Contains(line, "EPERM") && !strings.Contains(line, "EACCES") {
			t.Errorf("after the filter: %s", line)
		}
	}
}

// Our programs never load a library of the system's.
func TestNothingIsLoaded(t *testing.T) {
	shorttest.Skip(t, "not tested: files that name others to load")
	out, err := exec.Command("go", "list", "-deps", "-tags", "nodynamic", "./testdata/worker").Output()
	if err != nil || !bytes.Contains(out, []byte("github.com/gen2brain/heic")) {
		t.Fatalf("%v", err)
	}
	if bytes.Contains(out, []byte("ebitengine/purego")) {
		t.Error("the worker links purego")
	}
	untagged := exec.Command("go", "list", "-deps", ".")
	untagged.Env = append(os.Environ(), "GOFLAGS=") // the tests may run with the tag
	if out, err = untagged.Output(); err != nil || bytes.Contains(out, []byte("gen2brain/heic")) {
		t.Errorf("%v: without the tag, the package links the decoder of HEIC", err)
	}
}
