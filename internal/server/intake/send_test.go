package intake

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"zapis/crypto/reportcode"
	"zapis/internal/incident"
	"zapis/internal/shorttest"
)

func TestReport(t *testing.T) {
	h := newHouse(t, Limits{}, 0)
	d := h.begin()
	png := append([]byte("\x89PNG\r\n\x1a\n"), make([]byte, 100_000)...)
	chat := []byte("[20:14] them: we know where your mother lives\n")
	h.must(d.AddFile("../../etc/passwd", bytes.NewReader(png)))
	h.must(d.AddFile("", bytes.NewReader(nil))) // an empty file field
	h.must(d.AddFile("invoice\u202efdp.exe", bytes.NewReader(chat)))
	h.must(d.AddFile("", iotest.OneByteReader(strings.NewReader("%PDF-1.7\n"))))
	r := h.report(incident.ActReport, "narrative", "They came at six.\r\n\"Open!\"", "consent", "store", "consent", "lawyer",
		"danger_now", "yes", "deadline", "2026-12-01", "deadline_what", "hearing", "language", "be", "method", "D5", "method", "D1",
		"when", "2026-11", "country_event", "PL", "country_now", "unknown", "target", "me", "target_role", "journalist",
		"basis", "present", "person_agrees", "self", "reported_to", "nobody",
		"contact", "anna@example.org", "contact_when", "evenings", "name", "Анна")
	result, err := d.Send(context.Background(), r, "00112233445566778899aabbccddeeff")
	h.must(err)
	h.wantFiles(3)

	o := h.open(result.Promise)
	if o.signal.Act != "report" || o.signal.Danger != "yes" || o.signal.Deadline != "2026-12-01" || o.signal.Language != "be" {
		t.Errorf("signal %+v", o.signal)
	}
	s := o.statement
	if s.Act != "report" || !s.First() || !s.Received.Equal(time.Date(2026, 11, 21, 20, 47, 45, 0, time.UTC)) ||
		fmt.Sprintf("%x", s.Form) != "00112233445566778899aabbccddeeff" {
		t.Errorf("statement: act %s, first %v, received %v, form %x", s.Act, s.First(), s.Received, s.Form)
	}
	keys, err := h.in.derive(context.Background(), result.Code)
	h.must(err)
	if s.Mailbox != keys.Recipient() || s.Tags != keys.TagSecret() {
		t.Error("the mailbox is not the code's")
	}
	got, want := o.answers(), map[string]string{
		"danger_now": `"yes"`, "deadline": `"2026-12-01"`, "deadline_what": `"hearing"`,
		"narrative": `"They came at six.\n\"Open!\""`, "language": `"be"`, "method": `["D1","D5"]`,
		"when": `"2026-11"`, "when_precision": `"month"`, "country_event": `"PL"`, "country_now": `"unknown"`,
		"target": `"me"`, "target_role": `"journalist"`, "basis": `"present"`, "person_agrees": `"self"`,
		"reported_to": `["nobody"]`, "consent": `["store","lawyer"]`,
		"identity contact": `"anna@example.org"`, "identity contact_when": `"evenings"`, "identity name": `"Анна"`,
		"attachment-1": fmt.Sprintf(`{"exhibit":"A01","sha256":"%x","size":100008,"media_type":"image/png","name":"passwd"}`, sha256.Sum256(png)),
		"attachment-2": fmt.Sprintf(`{"exhibit":"A02","sha256":"%x","size":%d,"media_type":"text/plain","name":"invoice`+"\u202e"+`fdp.exe"}`,
			sha256.Sum256(chat), len(chat)),
		"attachment-3": fmt.Sprintf(`{"exhibit":"A03","sha256":"%x","size":9,"media_type":"application/pdf","name":"unnamed"}`, sha256.Sum256([]byte("%PDF-1.7\n"))),
	}
	for field, value := range want {
		if got[field] != value {
			t.Errorf("%s: got %s, want %s", field, got[field], value)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d answers, want %d", len(got), len(want))
	}
	if !bytes.Equal(o.attachments[0], png) || !bytes.Equal(o.attachments[1], chat) || slices.Contains(o.underQuorum, true) {
		t.Error("the files are not what was sent, or are under the quorum")
	}
}

// TestFilesIdentify sends two files and ticks that they show who the reporter
// is: before the first, between them, after both, and with the answers.
func TestFilesIdentify(t *testing.T) {
	shorttest.Skip(t, "not tested: files that identify the reporter")
	files := [][]byte{bytes.Repeat([]byte("one"), 50_000), []byte("two")}
	for _, when := range []string{"before", "between", "after", "in the answers"} {
		t.Run(when, func(t *testing.T) {
			h := newHouse(t, Limits{}, 0)
			d := h.begin()
			for i, f := range files {
				if when == "before" && i == 0 || when == "between" && i == 1 {
					d.MarkIdentify()
				}
				h.must(d.AddFile(fmt.Sprintf("%d.txt", i), bytes.NewReader(f)))
			}
			if when == "after" {
				d.MarkIdentify()
			}
			r := h.first()
			if when == "in the answers" {
				r = h.report(incident.ActReport, "narrative", "x", "consent", "store", "files_identify", "yes")
			}
			result, err := d.Send(context.Background(), r, "")
			h.must(err)
			h.wantFiles(2)
			o := h.open(result.Promise)
			if !slices.Equal(o.underQuorum, []bool{true, true}) {
				t.Errorf("under the quorum: %v", o.underQuorum)
			}
			if !bytes.Equal(o.attachments[0], files[0]) || !bytes.Equal(o.attachments[1], files[1]) {
				t.Error("the files are not what was sent")
			}
			if _, ok := o.statement.Line("attachment-1"); ok {
				t.Error("the statement names a file that shows who the reporter is")
			}
			if l, ok := o.identity.Line("attachment-2"); !ok || !strings.Contains(string(l.Value), `"name":"1.txt"`) {
				t.Error("the identity part does not name the second file")
			}
		})
	}
}

func TestFollowUps(t *testing.T) {
	shorttest.Skip(t, "not tested: what follows a report")
	h := newHouse(t, Limits{}, 24*time.Hour)
	d := h.begin()
	h.must(d.AddFile("1.txt", strings.NewReader("one")))
	h.must(d.AddFile("2.txt", strings.NewReader("two")))
	first, err := d.Send(context.Background(), h.first(), "")
	h.must(err)
	caseOf := h.open(first.Promise).body.Hash()

	steps := []struct {
		act   incident.Act
		words []string
		files []string
		want  string // of its first attachment
	}{
		{incident.ActFollowUp, nil, []string{"three"}, `"exhibit":"A03"`},
		{incident.ActFollowUp, []string{"narrative", "They came again."}, nil, ""},
		{incident.ActFollowUp, []string{"files_identify", "yes"}, []string{"four", "five"}, `"exhibit":"A04"`},
		{incident.ActConsent, []string{"consent", "store", "consent", "un", "person_agrees", "yes"}, nil, ""},
		{incident.ActFollowUp, nil, []string{"six"}, `"exhibit":"A06"`},
		{incident.ActStop, nil, nil, ""},
		{incident.ActDelete, nil, nil, ""},
	}
	for i, step := range steps {
		d := h.begin()
		for _, f := range step.files {
			h.must(d.AddFile(f+".txt", strings.NewReader(f)))
		}
		result, err := d.SendFollowUp(context.Background(), first.Code, step.act, h.report(step.act, step.words...), "")
		h.must(err)
		if !result.Code.Equal(first.Code) {
			t.Error("another code came back")
		}
		o := h.open(result.Promise)
		s := o.statement
		if s.Act != string(step.act) || o.signal.Act != s.Act || s.Case != caseOf || s.Mailbox != h.open(first.Promise).statement.Mailbox {
			t.Errorf("step %d: act %s, or another case", i, s.Act)
		}
		if len(step.files) == 0 {
			continue
		}
		line, ok := s.Line("attachment-1")
		if !ok {
			line, _ = o.identity.Line("attachment-1")
		}
		if !strings.Contains(string(line.Value), step.want) || string(o.attachments[0]) != step.files[0] {
			t.Errorf("step %d: no %s", i, step.want)
		}
	}
	h.wantFiles(6)
}

// TestFollowUpsAtOnce sends into one case from two intakes at a time: each of
// them lets one in, and the locators' names hold them apart.
func TestFollowUpsAtOnce(t *testing.T) {
	shorttest.Skip(t, "two intakes do not send into one case at once")
	h := newHouse(t, Limits{}, 24*time.Hour)
	first, err := h.begin().Send(context.Background(), h.first(), "")
	h.must(err)
	other := New(h.store, Limits{}, clock)
	other.derive = h.in.derive
	const each = 6
	var all sync.WaitGroup
	var mu sync.Mutex
	var exhibits []string
	for i := range 2 * each {
		in := []*Intake{h.in, other}[i%2]
		all.Go(func() {
			d, err := in.Begin(context.Background())
			if err != nil {
				t.Error(err)
				return
			}
			defer d.Discard()
			if err := d.AddFile("x.txt", strings.NewReader("x")); err != nil {
				t.Error(err)
				return
			}
			result, err := d.SendFollowUp(context.Background(), first.Code, incident.ActFollowUp, incident.Empty(), "")
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			line, _ := h.open(result.Promise).statement.Line("attachment-1")
			exhibits = append(exhibits, string(line.Value[12:15]))
		})
	}
	all.Wait()
	slices.Sort(exhibits)
	if got := strings.Join(exhibits, " "); got != "A01 A02 A03 A04 A05 A06 A07 A08 A09 A10 A11 A12" {
		t.Errorf("exhibits %s", got)
	}
	h.wantFiles(2 * each)
}

func TestRefusedSubmissions(t *testing.T) {
	h := newHouse(t, Limits{}, 24*time.Hour)
	ctx := context.Background()
	first, err := h.begin().Send(ctx, h.first(), "")
	h.must(err)
	stranger, err := reportcode.Parse("4827 1093 5560 2718 2818 2845 9045 2311")
	h.must(err)
	gone, cancel := context.WithCancel(ctx)
	cancel()
	for _, tt := range []struct {
		name string
		send func(d *Draft) (Result, error)
		is   error
		want string
	}{
		{"an unknown code", func(d *Draft) (Result, error) {
			return d.SendFollowUp(ctx, stranger, incident.ActFollowUp, incident.Empty(), "")
		}, ErrUnknownCode, "there is no report with this code"},
		{"no code", func(d *Draft) (Result, error) {
			return d.SendFollowUp(ctx, reportcode.Code{}, incident.ActFollowUp, incident.Empty(), "")
		}, reportcode.ErrLength, "a code has 32 digits"},
		{"a report without words", func(d *Draft) (Result, error) { return d.Send(ctx, incident.Empty(), "") },
			nil, "the form was refused: narrative: required"},
		{"a report in place of a follow-up", func(d *Draft) (Result, error) {
			return d.SendFollowUp(ctx, first.Code, incident.ActReport, h.first(), "")
		}, nil, `intake: "report" does not follow a report`},
		{"consent with a file", func(d *Draft) (Result, error) {
			return d.SendFollowUp(ctx, first.Code, incident.ActConsent, h.report(incident.ActConsent, "consent", "store"), "")
		}, nil, "the form was refused: file: not_here"},
		{"they left", func(d *Draft) (Result, error) { return d.Send(gone, h.first(), "") },
			context.Canceled, ""},
		{"they left, with a code", func(d *Draft) (Result, error) {
			return d.SendFollowUp(gone, first.Code, incident.ActFollowUp, h.report(incident.ActFollowUp, "narrative", "x"), "")
		}, context.Canceled, ""},
		{"sent before", func(d *Draft) (Result, error) {
			d.Discard()
			return d.Send(ctx, h.first(), "")
		}, nil, "intake: the draft was sent or discarded before"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := h.begin()
			h.must(d.AddFile("a.txt", strings.NewReader("a")))
			result, err := tt.send(d)
			if err == nil || tt.is != nil && !errors.Is(err, tt.is) || tt.want != "" && err.Error() != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
			if !result.Code.IsZero() || result.Promise != nil {
				t.Error("a code or a promise came with it")
			}
			h.wantFiles(0)
			if err := d.AddFile("b.txt", strings.NewReader("b")); err != errDone {
				t.Errorf("the draft goes on: %v", err)
			}
		})
	}
	if _, err := h.begin().SendFollowUp(ctx, first.Code, incident.ActFollowUp, incident.Empty(), ""); err == nil ||
		err.Error() != "the form was refused: file: nothing" {
		t.Errorf("a follow-up of nothing: %v", err)
	}
	if _, err := h.in.Begin(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("begin: %v", err)
	}
}

func TestRefusedFiles(t *testing.T) {
	h := newHouse(t, Limits{File: 100_000, Report: 150_000, Files: 3, Uploads: 1}, 24*time.Hour)
	d := h.begin()
	zeros := func(n int64) io.Reader { return io.LimitReader(forever{}, n) }
	broken := errors.New("the line broke")
	for _, tt := range []struct {
		name string
		r    io.Reader
		want string
	}{
		{"empty.txt", zeros(0), "file: file_empty"},
		{strings.Repeat("n", 4096), zeros(1), "file: file_name_too_long"},
		{"a\x00b", zeros(1), "file: control"},
		{"\xff", zeros(1), "file: not_utf8"},
		{"big", zeros(100_001), "file: file_too_large"},
		{"cut at once", iotest.ErrReader(broken), "the line broke"},
		{"cut later", io.MultiReader(zeros(70_000), iotest.ErrReader(broken)), "the line broke"},
		{"fits", zeros(100_000), ""},
		{"too much together", zeros(50_001), "file: report_too_large"},
		{"fits too", zeros(49_999), ""},
		{"one byte left", zeros(1), ""},
		{"one too many", zeros(1), "file: too_many"},
		{"", zeros(0), ""}, // an untouched field is not one too many
	} {
		err := d.AddFile(tt.name, tt.r)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || err.Error() != tt.want) {
			t.Errorf("%.20q: got %v, want %q", tt.name, err, tt.want)
		}
		var f incident.FieldError
		if strings.HasPrefix(tt.want, "file: ") && !errors.As(err, &f) {
			t.Errorf("%.20q is no FieldError", tt.name)
		}
	}
	if d.Files() != 3 || len(h.files()) != 3 {
		t.Errorf("%d files in the draft, %d on the disk", d.Files(), len(h.files()))
	}
	second := h.begin()
	if err := second.AddFile("x", zeros(1)); !errors.Is(err, ErrBusy) || err.Error() != "too many uploads are under way" {
		t.Errorf("a second draft with files: %v", err)
	}
	if _, err := second.Send(context.Background(), h.first(), ""); err != nil {
		t.Errorf("words have to have room: %v", err)
	}
	d.Discard()
	d.Discard()
	h.wantFiles(0)
}

// forever reads as zeros without end.
type forever struct{}

func (forever) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestLimits(t *testing.T) {
	for _, tt := range []struct {
		l    Limits
		want string
	}{
		{Limits{}, ""},
		{Limits{File: 4 << 30, Report: 64 << 30, Files: 16, Uploads: 1000}, ""},
		{Limits{File: 4 << 30}, ""},
		{Limits{File: 4<<30 + 1}, "the limit for a file is 4294967297 bytes; it can be 1 to 4294967296"},
		{Limits{File: -1}, "the limit for a file is -1 bytes; it can be 1 to 4294967296"},
		{Limits{File: 100, Report: 99}, "the limit for a report's files is 99 bytes; it can be 100 (that of one file) to 68719476736"},
		{Limits{Report: 64<<30 + 1}, "the limit for a report's files is 68719476737 bytes; it can be 524288000 (that of one file) to 68719476736"},
		{Limits{Files: 17}, "the limit for the number of files is 17; it can be 1 to 16"},
		{Limits{Uploads: -1}, "the limit for uploads at a time is -1; it is at least 1"},
		{Limits{FilesFloor: 1, WordsFloor: 2}, "files leave 1 bytes free, and words 2; files have to leave at least what words leave, and words something"},
		{Limits{WordsFloor: 4 << 30, Quota: 1}, ""},
		{Limits{WordsFloor: -1}, "files leave 2147483648 bytes free, and words -1; files have to leave at least what words leave, and words something"},
		{Limits{Quota: -1}, "the ledger's quota is -1 bytes; it can't be negative"},
	} {
		if err := tt.l.Check(); tt.want == "" && err != nil || tt.want != "" && (err == nil || err.Error() != tt.want) {
			t.Errorf("%+v: got %v, want %q", tt.l, err, tt.want)
		}
	}
	if got := (Limits{}).withDefaults(); got != (Limits{500 << 20, 2 << 30, 16, 64, 2 << 30, 256 << 20, 0}) {
		t.Errorf("defaults %+v", got)
	}
	if got := (Limits{File: 4 << 30}).withDefaults().Report; got != 4<<30 {
		t.Errorf("a report has %d bytes where one file may have 4 GiB", got)
	}
	h := newHouse(t, Limits{}, 0)
	defer func() {
		if got := recover(); got != "intake: the limit for the number of files is 17; it can be 1 to 16" {
			t.Errorf("New: %v", got)
		}
	}()
	New(h.store, Limits{Files: 17}, clock)
}
