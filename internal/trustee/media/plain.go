package media

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
)

// The client checks a worker's answer without decoding it: it has only the parts that our own encoders write, so that
// there is no metadata, no small copy and nothing after the end.

var errNotPlain = errors.New("media: more than pixels or samples")

const pngSignature = "\x89PNG\r\n\x1a\n"

// plainPNG accepts IHDR, PLTE and tRNS at most once each, IDATs, IEND, and the end. It returns the size in pixels.
func plainPNG(b []byte) (size image.Point, err error) {
	rest, ok := bytes.CutPrefix(b, []byte(pngSignature))
	if !ok {
		return size, errNotPlain
	}
	// The allowed order, by one letter per chunk.
	for order := ""; len(rest) >= 12; {
		n := binary.BigEndian.Uint32(rest)
		if uint64(n) > uint64(len(rest)-12) || crc32.ChecksumIEEE(rest[4:8+n]) != binary.BigEndian.Uint32(rest[8+n:]) {
			return size, errNotPlain
		}
		name, content := string(rest[4:8]), rest[8:8+n]
		rest = rest[12+n:]
		switch {
		case name == "IHDR" && order == "" && n == 13:
			size = image.Pt(int(binary.BigEndian.Uint32(content)), int(binary.BigEndian.Uint32(content[4:])))
			order = "H"
		case name == "PLTE" && order == "H":
			order = "HP"
		case name == "tRNS" && (order == "H" || order == "HP"):
			order = "HT"
		case name == "IDAT" && order != "":
			order = "D"
		case name == "IEND" && order == "D" && n == 0 && len(rest) == 0:
			return size, nil
		default:
			return size, errNotPlain
		}
	}
	return size, errNotPlain
}

// plainJPEG accepts the segments of a baseline JPEG: tables, frame, one scan, and the end.
func plainJPEG(b []byte) error {
	if len(b) < 4 || b[0] != 0xff || b[1] != 0xd8 || b[len(b)-2] != 0xff || b[len(b)-1] != 0xd9 {
		return errNotPlain
	}
	at := 2
	for at+4 <= len(b) && b[at] == 0xff {
		size := int(binary.BigEndian.Uint16(b[at+2:]))
		if size < 2 || at+2+size > len(b) {
			return errNotPlain
		}
		switch b[at+1] {
		case 0xdb, 0xc0, 0xc4: // quantisation tables, baseline frame, Huffman tables
			at += 2 + size
		case 0xda:
			for scan := b[at+2+size : len(b)-2]; ; {
				i := bytes.IndexByte(scan, 0xff)
				if i < 0 {
					return nil
				}
				if i+1 >= len(scan) || scan[i+1] != 0 {
					return errNotPlain
				}
				scan = scan[i+2:]
			}
		default:
			return errNotPlain
		}
	}
	return errNotPlain
}

// wavHeaderSize is the size of the header before the samples of our WAV files, in bytes.
const wavHeaderSize = 44

func plainWAV(b []byte) error {
	if len(b) < wavHeaderSize || !bytes.Equal(b[:wavHeaderSize], wavHeader(len(b)-wavHeaderSize)) {
		return errNotPlain
	}
	return nil
}

// wavHeader returns the header of so many bytes of samples: 16 bits, one channel, soundRate per second.
func wavHeader(size int) []byte {
	b := make([]byte, 0, wavHeaderSize)
	b = append(b, "RIFF"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(size+wavHeaderSize-8))
	b = append(b, "WAVEfmt "...)
	b = binary.LittleEndian.AppendUint32(b, 16)
	b = binary.LittleEndian.AppendUint16(b, 1) // PCM
	b = binary.LittleEndian.AppendUint16(b, 1) // channels
	b = binary.LittleEndian.AppendUint32(b, soundRate)
	b = binary.LittleEndian.AppendUint32(b, soundRate*2)
	b = binary.LittleEndian.AppendUint16(b, 2)
	b = binary.LittleEndian.AppendUint16(b, 16)
	b = append(b, "data"...)
	return binary.LittleEndian.AppendUint32(b, uint32(size))
}
