package sample

import (
	"bytes"
	"encoding/binary"
	"math"
	"time"

	"codeberg.org/go-fonts/dejavu/dejavusans"
	"codeberg.org/go-pdf/fpdf"
)

// letter renders an office's letter as a PDF: a head, a title, and paragraphs.
func letter(office, title string, paragraphs []string) ([]byte, error) {
	pdf := fpdf.New("P", "mm", "A4", "")
	day := time.Date(2025, time.March, 3, 9, 0, 0, 0, time.UTC)
	pdf.SetCreationDate(day)
	pdf.SetModificationDate(day)
	pdf.SetCatalogSort(true)
	pdf.AddUTF8FontFromBytes("dejavu", "", dejavusans.TTF)
	pdf.AddPage()
	pdf.SetFont("dejavu", "", 10)
	pdf.MultiCell(0, 6, office, "B", "L", false)
	pdf.Ln(14)
	pdf.SetFont("dejavu", "", 14)
	pdf.MultiCell(0, 8, title, "", "L", false)
	pdf.Ln(6)
	pdf.SetFont("dejavu", "", 11)
	for _, p := range paragraphs {
		pdf.MultiCell(0, 6, p, "", "L", false)
		pdf.Ln(4)
	}
	var out bytes.Buffer
	err := pdf.Output(&out)
	return out.Bytes(), err
}

// voice renders a WAV of a few seconds (mono, 16 bits, 8 kHz) whose pitch varies like speech, without words.
func voice(pitch float64) ([]byte, error) {
	const rate, seconds = 8000, 5
	samples := make([]int16, rate*seconds)
	for i := range samples {
		t := float64(i) / rate
		syllable := math.Max(0, math.Sin(2*math.Pi*2.3*t)) * (0.6 + 0.4*math.Sin(2*math.Pi*0.37*t))
		tone := math.Sin(2*math.Pi*pitch*t+2*math.Sin(2*math.Pi*3.1*t)) + 0.5*math.Sin(2*math.Pi*2.7*pitch*t)
		samples[i] = int16(9000 * syllable * tone)
	}
	size := uint32(2 * len(samples))
	var out bytes.Buffer
	out.WriteString("RIFF")
	for _, v := range []any{
		36 + size, []byte("WAVEfmt "), uint32(16), uint16(1), uint16(1), uint32(rate), uint32(2 * rate),
		uint16(2), uint16(16), []byte("data"), size, samples,
	} {
		if err := binary.Write(&out, binary.LittleEndian, v); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), nil
}
