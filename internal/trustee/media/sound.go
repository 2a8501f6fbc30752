package media

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"io"
	"math"

	mp3 "github.com/hajimehoshi/go-mp3"
	"github.com/mewkiz/flac"
	"github.com/pion/opus"
	"github.com/pion/opus/pkg/oggreader"
)

// A tape receives decoded samples, keeps those of the wanted page at soundRate in one channel, and reports when it is
// full.
type tape struct {
	rate       int // samples a second that come
	skip, keep int // samples at soundRate that are passed over, and kept
	samples    []int16
	more       bool // there are samples after the page

	phase, sum, count int
}

func newTape(page int) *tape {
	n := int(soundPage.Seconds()) * soundRate
	return &tape{skip: page * n, keep: n}
}

// add adds one sample, all channels mixed. It returns false when no more are needed.
func (t *tape) add(sample int) bool {
	t.sum, t.count = t.sum+sample, t.count+1
	for t.phase += soundRate; t.phase >= t.rate; t.phase -= t.rate {
		out := sample
		if t.count > 0 {
			out = t.sum / t.count
		}
		t.sum, t.count = 0, 0
		switch {
		case t.skip > 0:
			t.skip--
		case len(t.samples) == t.keep:
			t.more = true
			return false
		default:
			t.samples = append(t.samples, int16(max(-32768, min(32767, out))))
		}
	}
	return true
}

// players decode sound, by the first bytes of the file.
var players = []struct {
	magic string
	play  func(data []byte, t *tape) error
}{
	{"RIFF", playWAV}, {"fLaC", playFLAC}, {"OggS", playOpus}, {"ID3", playMP3}, {"\xff", playMP3},
}

func showSound(r *Request, v *View) error {
	for _, p := range players {
		if !bytes.HasPrefix(r.Data, []byte(p.magic)) {
			continue
		}
		t := newTape(r.Page)
		err := p.play(r.Data, t)
		if err != nil {
			if len(t.samples) == 0 || codeOf(err) == NotShown {
				return err
			}
			v.Notes = append(v.Notes, NoteCut)
		}
		if len(t.samples) == 0 {
			if r.Page > 0 {
				return refuse(NoSuchPage)
			}
			return refuse(Damaged)
		}
		v.Shape, v.Pages = ShapeSound, r.Page+1
		if t.more {
			v.Pages++
		}
		v.Sound = wavHeader(2 * len(t.samples))
		for _, s := range t.samples {
			v.Sound = binary.LittleEndian.AppendUint16(v.Sound, uint16(s))
		}
		v.Picture, v.PictureType, err = encode(waveform(t.samples), true)
		return err
	}
	return refuse(NotShown)
}

// waveform draws the loudest sample of each column.
func waveform(samples []int16) *image.NRGBA {
	const w, h = 1024, 96
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i := range img.Pix {
		img.Pix[i] = 0xff
	}
	for x := range w {
		loud := 0
		for _, s := range samples[x*len(samples)/w : (x+1)*len(samples)/w] {
			loud = max(loud, int(s), -int(s))
		}
		for y := h/2 - loud*(h/2-1)/32768; y <= h/2+loud*(h/2-1)/32768; y++ {
			img.SetNRGBA(x, y, color.NRGBA{0x33, 0x33, 0x33, 0xff})
		}
	}
	return img
}

const maxRate = 384_000

// playWAV reads PCM of 8 to 32 bits and floating point of 32 (RIFF, formats 1, 3 and 0xfffe).
func playWAV(data []byte, t *tape) error {
	var format, channels, bits int
	rest := data[min(12, len(data)):]
	for len(rest) >= 8 {
		size := int(binary.LittleEndian.Uint32(rest[4:]))
		name := string(rest[:4])
		rest = rest[8:]
		content := rest[:min(size, len(rest))]
		if name == "fmt " && len(content) >= 16 {
			format, channels = int(binary.LittleEndian.Uint16(content)), int(binary.LittleEndian.Uint16(content[2:]))
			t.rate, bits = int(binary.LittleEndian.Uint32(content[4:])), int(binary.LittleEndian.Uint16(content[14:]))
			if format == 0xfffe && len(content) >= 26 {
				format = int(binary.LittleEndian.Uint16(content[24:]))
			}
		}
		if name == "data" {
			if format != 1 && format != 3 || format == 3 && bits != 32 || bits%8 != 0 || bits < 8 || bits > 32 || channels < 1 || channels > 32 || t.rate < 1 || t.rate > maxRate {
				return refuse(NotShown)
			}
			playPCM(content, t, format, channels, bits/8)
			if size > len(content) {
				return io.ErrUnexpectedEOF
			}
			return nil
		}
		rest = rest[min(len(content)+size%2, len(rest)):]
	}
	return refuse(Damaged)
}

func playPCM(b []byte, t *tape, format, channels, width int) {
	for len(b) >= channels*width {
		sum := 0
		for range channels {
			sum += pcm(b[:width], format)
			b = b[width:]
		}
		if !t.add(sum / channels) {
			return
		}
	}
}

// pcm converts one sample to 16 bits.
func pcm(b []byte, format int) int {
	switch len(b) {
	case 1:
		return (int(b[0]) - 128) << 8
	case 2:
		return int(int16(binary.LittleEndian.Uint16(b)))
	case 3:
		return int(int16(binary.LittleEndian.Uint16(b[1:])))
	}
	if format == 3 {
		return int(clip(float32frombits(b)) * 32767)
	}
	return int(int16(binary.LittleEndian.Uint16(b[2:])))
}

func playFLAC(data []byte, t *tape) error {
	s, err := flac.New(bytes.NewReader(data))
	if err != nil {
		return err
	}
	t.rate = int(s.Info.SampleRate)
	if t.rate < 1 || t.rate > maxRate {
		return refuse(Damaged)
	}
	shift := int(s.Info.BitsPerSample) - 16
	for {
		f, err := s.ParseNext()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if len(f.Subframes) == 0 {
			return refuse(Damaged)
		}
		for i := range f.Subframes[0].Samples {
			sum := 0
			for _, c := range f.Subframes {
				if i < len(c.Samples) {
					sum += int(c.Samples[i])
				}
			}
			sum /= len(f.Subframes)
			if shift > 0 {
				sum >>= shift
			} else {
				sum <<= -shift
			}
			if !t.add(sum) {
				return nil
			}
		}
	}
}

func playMP3(data []byte, t *tape) error {
	d, err := mp3.NewDecoder(io.MultiReader(bytes.NewReader(data))) // no Seeker: that would read the whole file first
	if err != nil {
		return err
	}
	t.rate = d.SampleRate()
	if t.rate < 1 || t.rate > maxRate {
		return refuse(Damaged)
	}
	b := make([]byte, 16<<10) // two channels of 16 bits
	for {
		n, err := io.ReadFull(d, b)
		for p := b[:n/4*4]; len(p) >= 4; p = p[4:] {
			left, right := int16(binary.LittleEndian.Uint16(p)), int16(binary.LittleEndian.Uint16(p[2:]))
			if !t.add((int(left) + int(right)) / 2) {
				return nil
			}
		}
		switch err {
		case nil:
		case io.EOF, io.ErrUnexpectedEOF:
			return nil
		default:
			return err
		}
	}
}

// playOpus reads Ogg with Opus, the format of phones' voice messages. Vorbis has no decoder here.
func playOpus(data []byte, t *tape) error {
	if !bytes.Contains(data[:min(len(data), 512)], []byte("OpusHead")) {
		return refuse(NotShown)
	}
	r, head, err := oggreader.NewWith(bytes.NewReader(data))
	if err != nil {
		return err
	}
	d, err := opus.NewDecoderWithOutput(soundRate, 1)
	if err != nil {
		return err
	}
	t.rate = soundRate
	skip := int(head.PreSkip) * soundRate / 48_000
	out := make([]int16, soundRate*120/1000) // a packet is 120 ms at most (RFC 6716 section 2)
	for {
		packet, _, err := r.ParseNextPacket()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if bytes.HasPrefix(packet, []byte("OpusTags")) || len(packet) == 0 {
			continue
		}
		n, err := d.DecodeToInt16(packet, out)
		if err != nil {
			return err
		}
		for _, s := range out[:n] {
			if skip > 0 {
				skip--
				continue
			}
			if !t.add(int(s)) {
				return nil
			}
		}
	}
}

func float32frombits(b []byte) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b)) }

// clip also handles NaN.
func clip(f float32) float32 {
	switch {
	case f != f:
		return 0
	case f > 1:
		return 1
	case f < -1:
		return -1
	}
	return f
}
