package bundle

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
)

// Top is the one folder at the top of every bundle's zip.
const Top = "zapis-bundle/"

// The zip of a bundle has one encoding (APPNOTE 6.3, method Store): local
// headers and contents in ascending order of names, no gaps, then the central
// directory, then its end. Times and flags are zero, the date is 1980-01-01
// (version 1: zero), and there are no comments, no data descriptors and no
// extra fields but ZIP64's, which stand exactly where a number does not fit. It
// is written here, and not with archive/zip, because that package leaves
// ZIP64's sizes out of a raw local header, and because these bytes may not
// change when the toolchain does.
const (
	localMagic    = 0x04034b50
	centralMagic  = 0x02014b50
	endMagic      = 0x06054b50
	end64Magic    = 0x06064b50
	locator64     = 0x07064b50
	localSize     = 30
	centralSize   = 46
	endSize       = 22
	end64Size     = 56
	locator64Size = 20
	wideLocalSize = 20 // what ZIP64 adds to a local header

	max16 = 0xffff
	max32 = 0xffffffff

	versionPlain = 10
	versionZip64 = 45
	madeByUnix   = 3 << 8
	regular0644  = 0o100644 << 16

	// firstDate is 1980-01-01, the first day that MS-DOS dates can express. A
	// date of zero (version 1) unpacks as 1979 and can't be packed again.
	firstDate = 0x0021
)

// A member is one file of the zip. Name is without the top folder; Offset is
// that of its local header, in bytes.
type member struct {
	Name   string
	Size   int64
	CRC    uint32
	Offset int64
	Date   uint16 // MS-DOS: firstDate, or 0 in version 1
}

func (m member) contentOffset() int64 {
	n := localSize + len(Top) + len(m.Name)
	if m.Size >= max32 {
		n += wideLocalSize
	}
	return m.Offset + int64(n)
}

func (m member) end() int64 { return m.contentOffset() + m.Size }

func version(wide bool) uint16 {
	if wide {
		return versionZip64
	}
	return versionPlain
}

func clamp32(n int64) uint32 { return uint32(min(n, max32)) }

func localHeader(m member) []byte {
	name := Top + m.Name
	wide := m.Size >= max32
	le := binary.LittleEndian
	b := make([]byte, 0, localSize+len(name)+wideLocalSize)
	b = le.AppendUint32(b, localMagic)
	b = le.AppendUint16(b, version(wide))
	b = append(b, 0, 0, 0, 0, 0, 0) // flags, method, time
	b = le.AppendUint16(b, m.Date)
	b = le.AppendUint32(b, m.CRC)
	b = le.AppendUint32(b, clamp32(m.Size))
	b = le.AppendUint32(b, clamp32(m.Size))
	b = le.AppendUint16(b, uint16(len(name)))
	if !wide {
		b = le.AppendUint16(b, 0)
		return append(b, name...)
	}
	b = le.AppendUint16(b, 20)
	b = append(b, name...)
	b = le.AppendUint16(b, 1)
	b = le.AppendUint16(b, 16)
	b = le.AppendUint64(b, uint64(m.Size))
	return le.AppendUint64(b, uint64(m.Size))
}

func centralHeader(m member) []byte {
	name := Top + m.Name
	le := binary.LittleEndian
	var extra []byte
	if m.Size >= max32 {
		extra = le.AppendUint64(extra, uint64(m.Size))
		extra = le.AppendUint64(extra, uint64(m.Size))
	}
	if m.Offset >= max32 {
		extra = le.AppendUint64(extra, uint64(m.Offset))
	}
	wide := len(extra) > 0
	b := make([]byte, 0, centralSize+len(name)+28)
	b = le.AppendUint32(b, centralMagic)
	b = le.AppendUint16(b, madeByUnix|version(wide))
	b = le.AppendUint16(b, version(wide))
	b = append(b, 0, 0, 0, 0, 0, 0) // flags, method, time
	b = le.AppendUint16(b, m.Date)
	b = le.AppendUint32(b, m.CRC)
	b = le.AppendUint32(b, clamp32(m.Size))
	b = le.AppendUint32(b, clamp32(m.Size))
	b = le.AppendUint16(b, uint16(len(name)))
	if wide {
		b = le.AppendUint16(b, uint16(4+len(extra)))
	} else {
		b = le.AppendUint16(b, 0)
	}
	b = append(b, 0, 0, 0, 0, 0, 0) // comment's length, disk, internal attributes
	b = le.AppendUint32(b, regular0644)
	b = le.AppendUint32(b, clamp32(m.Offset))
	b = append(b, name...)
	if wide {
		b = le.AppendUint16(b, 1)
		b = le.AppendUint16(b, uint16(len(extra)))
		b = append(b, extra...)
	}
	return b
}

// directoryEnd returns what follows the central directory of count members,
// which starts at offset and has size bytes.
func directoryEnd(count, offset, size int64) []byte {
	le := binary.LittleEndian
	var b []byte
	if count >= max16 || offset >= max32 || size >= max32 {
		b = le.AppendUint32(b, end64Magic)
		b = le.AppendUint64(b, end64Size-12)
		b = le.AppendUint16(b, madeByUnix|versionZip64)
		b = le.AppendUint16(b, versionZip64)
		b = append(b, 0, 0, 0, 0, 0, 0, 0, 0) // disks
		b = le.AppendUint64(b, uint64(count))
		b = le.AppendUint64(b, uint64(count))
		b = le.AppendUint64(b, uint64(size))
		b = le.AppendUint64(b, uint64(offset))
		b = le.AppendUint32(b, locator64)
		b = le.AppendUint32(b, 0)
		b = le.AppendUint64(b, uint64(offset+size))
		b = le.AppendUint32(b, 1)
	}
	b = le.AppendUint32(b, endMagic)
	b = append(b, 0, 0, 0, 0) // disks
	b = le.AppendUint16(b, uint16(min(count, max16)))
	b = le.AppendUint16(b, uint16(min(count, max16)))
	b = le.AppendUint32(b, clamp32(size))
	b = le.AppendUint32(b, clamp32(offset))
	return append(b, 0, 0) // comment's length
}

// A zipWriter writes members one after the other. Sizes and CRCs are known
// beforehand, so that the local headers are whole and any reader, also one that
// cannot seek, can follow.
type zipWriter struct {
	w       io.Writer
	date    uint16
	offset  int64
	members []member
}

// add copies exactly size bytes of content, and fails when content is shorter
// or longer or has another CRC-32 (IEEE).
func (z *zipWriter) add(name string, size int64, crc uint32, content io.Reader) error {
	m := member{Name: name, Size: size, CRC: crc, Offset: z.offset, Date: z.date}
	if n := len(z.members); n > 0 && z.members[n-1].Name >= name {
		return fmt.Errorf("%s: not after %s in the bundle's order", name, z.members[n-1].Name)
	}
	header := localHeader(m)
	if _, err := z.w.Write(header); err != nil {
		return err
	}
	sum := crc32.NewIEEE()
	n, err := io.Copy(io.MultiWriter(z.w, sum), io.LimitReader(content, size+1))
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if n != size || sum.Sum32() != crc {
		return fmt.Errorf("%s: changed while the bundle was written", name)
	}
	z.offset += int64(len(header)) + size
	z.members = append(z.members, m)
	return nil
}

func (z *zipWriter) close() error {
	var size int64
	for _, m := range z.members {
		h := centralHeader(m)
		if _, err := z.w.Write(h); err != nil {
			return err
		}
		size += int64(len(h))
	}
	_, err := z.w.Write(directoryEnd(int64(len(z.members)), z.offset, size))
	return err
}
