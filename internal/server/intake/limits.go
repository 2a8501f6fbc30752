package intake

import (
	"fmt"

	"zapis/internal/incident"
)

// Limits bound the size of one submission, the number of concurrent uploads,
// and the size of the ledger. A zero has its default.
type Limits struct {
	File    int64 // bytes of one file; 500 MiB, at most 4 GiB
	Report  int64 // bytes of all files of a submission; 2 GiB, at most 64 GiB
	Files   int   // files of a submission; 16, which is also the most
	Uploads int   // drafts with files at a time; 64

	// Files are refused earlier than text, so that files cannot use up the
	// room of text.
	FilesFloor int64 // bytes that files leave free on the disk; 2 GiB
	WordsFloor int64 // bytes that text leaves free, for what the ledger itself has to write; 256 MiB
	Quota      int64 // bytes that the ledger may use; files are refused at nine tenths. 0: only the disk counts
}

// The most that limits can be set to.
const (
	MaxFile   = 4 << 30
	MaxReport = 64 << 30
)

// Check returns an error that names the first limit out of range.
func (l Limits) Check() error {
	l = l.withDefaults()
	switch {
	case l.File < 1 || l.File > MaxFile:
		return fmt.Errorf("the limit for a file is %d bytes; it can be 1 to %d", l.File, int64(MaxFile))
	case l.Report < l.File || l.Report > MaxReport:
		return fmt.Errorf("the limit for a report's files is %d bytes; it can be %d (that of one file) to %d",
			l.Report, l.File, int64(MaxReport))
	case l.Files < 1 || l.Files > incident.Slots:
		return fmt.Errorf("the limit for the number of files is %d; it can be 1 to %d", l.Files, incident.Slots)
	case l.Uploads < 1:
		return fmt.Errorf("the limit for uploads at a time is %d; it is at least 1", l.Uploads)
	case l.WordsFloor < 1 || l.FilesFloor < l.WordsFloor:
		return fmt.Errorf("files leave %d bytes free, and words %d; files have to leave at least what words leave, and words something",
			l.FilesFloor, l.WordsFloor)
	case l.Quota < 0:
		return fmt.Errorf("the ledger's quota is %d bytes; it can't be negative", l.Quota)
	}
	return nil
}

func (l Limits) withDefaults() Limits {
	if l.File == 0 {
		l.File = 500 << 20
	}
	if l.Report == 0 {
		l.Report = max(2<<30, l.File)
	}
	if l.Files == 0 {
		l.Files = incident.Slots
	}
	if l.Uploads == 0 {
		l.Uploads = 64
	}
	if l.WordsFloor == 0 {
		l.WordsFloor = 256 << 20
	}
	if l.FilesFloor == 0 {
		l.FilesFloor = max(2<<30, l.WordsFloor)
	}
	return l
}
