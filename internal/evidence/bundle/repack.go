package bundle

import (
	"archive/zip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// A stored file is one file of a bundle, in any container.
type stored struct {
	Name string // without the top folder
	Size int64
	CRC  uint32
	open func() (io.ReadSeekCloser, error)
}

// storedIn returns the files of a zip that zapis wrote.
func storedIn(r io.ReaderAt, members []member) []stored {
	list := make([]stored, len(members))
	for i, m := range members {
		list[i] = stored{m.Name, m.Size, m.CRC, func() (io.ReadSeekCloser, error) {
			return section{io.NewSectionReader(r, m.contentOffset(), m.Size)}, nil
		}}
	}
	return list
}

// leftBySystem reports whether an operating system adds such files to folders and archives.
func leftBySystem(name string) bool {
	base := path.Base(name)
	return base == ".DS_Store" || base == "Thumbs.db" || base == "desktop.ini" || strings.HasPrefix(name, "__MACOSX/") || strings.HasPrefix(base, "._")
}

// readRepacked reads a zip that another program made of an unpacked bundle: compressed or not, in any order, below any
// folder. It refuses what two programs could read differently: a duplicate name, a local header that differs from the
// central directory, a file that is not regular, bytes after the end. ignored are files that an operating system
// added.
func readRepacked(r io.ReaderAt, size int64) (files []stored, ignored []string, err error) {
	if size < endSize {
		return nil, nil, misformed("zip: too short to be one")
	}
	end := make([]byte, endSize)
	if err := readFull(r, end, size-endSize); err != nil {
		return nil, nil, err
	}
	if binary.LittleEndian.Uint32(end) != endMagic || binary.LittleEndian.Uint16(end[20:]) != 0 {
		return nil, nil, misformed("zip: does not end with the end of a central directory (cut off, or followed by other bytes)")
	}
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, nil, misformed("zip: can't be read (%v)", err)
	}
	top := ""
	for _, f := range z.File {
		if asOurs(f) {
			// A zip of ours with one changed header is damaged, not repacked.
			return nil, nil, misformed("zip: %s has a header as Zapis writes it, and the file is not as Zapis writes it", printable(f.Name))
		}
		if path.Base(f.Name) == bagitPath && (top == "" || len(f.Name) < len(top)) {
			top = f.Name
		}
	}
	if top == "" {
		return nil, nil, misformed("zip: there is no %s in it", bagitPath)
	}
	top = strings.TrimSuffix(top, bagitPath)
	seen := make(map[string]bool)
	for _, f := range z.File {
		if err := checkForeign(r, f); err != nil {
			return nil, nil, err
		}
		if strings.HasSuffix(f.Name, "/") && f.UncompressedSize64 == 0 {
			continue
		}
		name, inside := strings.CutPrefix(f.Name, top)
		switch {
		case leftBySystem(f.Name):
			ignored = append(ignored, f.Name)
			continue
		case !inside:
			return nil, nil, misformed("zip: %s is not in the folder of %s", printable(f.Name), bagitPath)
		case seen[strings.ToLower(name)]:
			return nil, nil, misformed("zip: %s is there twice", printable(name))
		case f.UncompressedSize64 > 1<<62:
			return nil, nil, misformed("zip: %s has an absurd size", printable(name))
		}
		seen[strings.ToLower(name)] = true
		files = append(files, stored{name, int64(f.UncompressedSize64), f.CRC32, func() (io.ReadSeekCloser, error) { return openForeign(f) }})
	}
	return files, ignored, nil
}

// asOurs reports whether a file's line in the central directory is as zapis writes it.
func asOurs(f *zip.File) bool {
	plain := f.CreatorVersion == madeByUnix|versionPlain && f.ReaderVersion == versionPlain
	wide := f.CreatorVersion == madeByUnix|versionZip64 && f.ReaderVersion == versionZip64
	return (plain || wide) && f.Flags == 0 && f.Method == zip.Store && f.ModifiedTime == 0 && (f.ModifiedDate == firstDate || f.ModifiedDate == 0) &&
		f.ExternalAttrs == regular0644
}

// checkForeign compares a file's local header with the central directory.
func checkForeign(r io.ReaderAt, f *zip.File) error {
	if !f.Mode().IsRegular() && !f.Mode().IsDir() {
		return misformed("zip: %s is neither a file nor a folder", printable(f.Name))
	}
	if f.Method != zip.Store && f.Method != zip.Deflate {
		return misformed("zip: %s is compressed by method %d, which this checker can't read", printable(f.Name), f.Method)
	}
	at, err := f.DataOffset()
	if err != nil {
		return misformed("zip: the local header of %s can't be read", printable(f.Name))
	}
	// Package zip does not return the offset of the local header: the name and the extra field of at most 64 KiB are
	// between it and the content.
	window := make([]byte, min(at, localSize+int64(len(f.Name))+1<<16))
	if err := readFull(r, window, at-int64(len(window))); err != nil {
		return err
	}
	le := binary.LittleEndian
	for n := localSize + len(f.Name); n <= len(window); n++ {
		h := window[len(window)-n:]
		nameLength := int(le.Uint16(h[26:]))
		if le.Uint32(h) != localMagic || localSize+nameLength+int(le.Uint16(h[28:])) != n {
			continue
		}
		if string(h[localSize:localSize+nameLength]) == f.Name && le.Uint16(h[6:]) == f.Flags && le.Uint16(h[8:]) == f.Method &&
			le.Uint16(h[10:]) == f.ModifiedTime && le.Uint16(h[12:]) == f.ModifiedDate {
			return nil
		}
		break
	}
	return misformed("zip: local and central header of %s disagree", printable(f.Name))
}

// reopened reads a file of a foreign zip, and can seek to its beginning.
type reopened struct {
	f    *zip.File
	r    io.ReadCloser
	at   int64
	size int64
}

func openForeign(f *zip.File) (io.ReadSeekCloser, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	return &reopened{f: f, r: r, size: int64(f.UncompressedSize64)}, nil
}

func (o *reopened) Read(b []byte) (int, error) {
	n, err := o.r.Read(b)
	o.at += int64(n)
	return n, err
}

func (o *reopened) Close() error { return o.r.Close() }

func (o *reopened) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += o.at
	case io.SeekEnd:
		offset += o.size
	}
	if offset < 0 {
		return o.at, errors.New("zip: seek before the beginning")
	}
	if offset < o.at {
		if err := o.r.Close(); err != nil {
			return o.at, err
		}
		r, err := o.f.Open()
		if err != nil {
			return o.at, err
		}
		o.r, o.at = r, 0
	}
	n, err := io.CopyN(io.Discard, o.r, offset-o.at)
	o.at += n
	if err != nil && err != io.EOF {
		return o.at, fmt.Errorf("%s: %w", printable(o.f.Name), err)
	}
	return o.at, nil
}
