package carry

import (
	"io"
)

// A format is one of the three archives: its name in errors, and its first
// member, which states how much follows.
type format[H interface{ Marshal() []byte }] struct {
	archive string
	first   string
	parse   func(text []byte) (H, error)
}

var (
	carryFormat  = format[Header]{"carry file", carryName, ParseHeader}
	outboxFormat = format[OutboxHeader]{"outbox", outboxName, ParseOutboxHeader}
	backupFormat = format[BackupHeader]{"backup", backupName, ParseBackupHeader}
)

// create writes the first member, and refuses one that open would refuse.
func (f format[H]) create(w io.Writer, h H) (tarWriter, error) {
	t := tarWriter{archive: f.archive, w: w}
	text := h.Marshal()
	if _, err := f.parse(text); err != nil {
		return t, t.misuse(err)
	}
	return t, t.bytes(f.first, text)
}

// open reads the first member.
func (f format[H]) open(r io.Reader) (*tarReader, H, error) {
	var h H
	t := newTarReader(f.archive, r)
	name, _, err := t.next()
	if err == io.EOF {
		return nil, h, t.refuse(beginning, "there is nothing in it")
	}
	if err != nil {
		return nil, h, err
	}
	if name != f.first {
		return nil, h, t.refuse(name, "the first member must be %s", f.first)
	}
	text, err := t.bytes(maxHeaderTxt)
	if err != nil {
		return nil, h, err
	}
	if h, err = f.parse(text); err != nil {
		return nil, h, t.refuse(name, "%w", err)
	}
	return t, h, nil
}
