package incident

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestFileName(t *testing.T) {
	long := strings.Repeat("ж", 254)
	wide := strings.Repeat("字", 251) + ".jpg" // 255 characters, 757 bytes
	for _, tt := range []struct{ sent, name, code string }{
		{"photo.jpg", "photo.jpg", ""},
		{"../../etc/passwd", "passwd", ""},
		{`C:\Users\anna\фота.jpg`, "фота.jpg", ""},
		{`..\../x`, "x", ""},
		{`\\server\share\a.txt`, "a.txt", ""},
		{`evidence\`, `evidence\`, ""},
		{`a\|]b`, `a\|]b`, ""},
		{`D:\`, Unnamed, ""},
		{"", Unnamed, ""},
		{"folder/", Unnamed, ""},
		{"..", Unnamed, ""},
		{"a/.", Unnamed, ""},
		{".profile", ".profile", ""},
		{"invoice\u202efdp.exe", "invoice\u202efdp.exe", ""},
		{"\u009bx", "\u009bx", ""},
		{long + "x", long + "x", ""},
		{long + "xy", "", FileNameTooLong},
		{long + "ж", long + "ж", ""},
		{wide, strings.Repeat("字", 139) + "…" + strings.Repeat("字", 28) + ".jpg", ""},
		{strings.Repeat(`"`, 255), strings.Repeat(`"`, 255), ""},
		{strings.Repeat("n", 4096), "", FileNameTooLong},
		{strings.Repeat("folder/", 1000) + "x", "x", ""},
		{"a\x00.jpg", "", Control},
		{"a\n.jpg", "", Control},
		{"a\t.jpg", "", Control},
		{"a\x7f", "", Control},
		{"\xcf\xf0\xe8.txt", "", NotUTF8},
	} {
		name, code := FileName(tt.sent)
		if name != tt.name || code != tt.code {
			t.Errorf("%.40q: got %q %q, want %q %q", tt.sent, name, code, tt.name, tt.code)
		}
	}
}

func FuzzFileName(f *testing.F) {
	for _, s := range []string{"", "a", "../../etc/passwd", `C:\x`, "\x00", "\xff", "\u202e", strings.Repeat("/", 300)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		name, code := FileName(s)
		if code != "" {
			if name != "" || !slices.Contains([]string{FileNameTooLong, NotUTF8, Control}, code) {
				t.Fatalf("%q with code %q", name, code)
			}
			return
		}
		if name == "" || utf8.RuneCountInString(name) > MaxFileName || storedSize(name) > maxStoredName || !utf8.ValidString(name) || strings.ContainsAny(name, "/\x00\n") ||
			name == "." || name == ".." {
			t.Fatalf("%q was kept as %q", s, name)
		}
		if again, code := FileName(name); again != name || code != "" {
			t.Fatalf("%q became %q %q", name, again, code)
		}
	})
}

func TestNames(t *testing.T) {
	if got := ExhibitName(1) + ExhibitName(99) + ExhibitName(100); got != "A01A99A100" {
		t.Error(got)
	}
	names, err := FieldNames(1)
	if err != nil {
		t.Fatal(err)
	}
	want := "danger_now deadline deadline_what narrative language method when when_precision country_event country_now target " +
		"target_role basis person_agrees reported_to consent contact contact_when name files_identify attachment-1 attachment-2 " +
		"attachment-3 attachment-4 attachment-5 attachment-6 attachment-7 attachment-8 attachment-9 attachment-10 attachment-11 " +
		"attachment-12 attachment-13 attachment-14 attachment-15 attachment-16"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("got %s", got)
	}
	if got := strings.Join(IdentityNames(), " "); got != "contact contact_when name" {
		t.Error(got)
	}
}
