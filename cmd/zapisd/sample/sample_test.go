package sample

import (
	"bytes"
	"image/jpeg"
	"image/png"
	"path"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"zapis/internal/incident"
	"zapis/internal/shorttest"
)

var someDay = time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)

func TestWhatTheDemoPromises(t *testing.T) {
	all := Incidents()
	if len(all) != 40 {
		t.Errorf("%d incidents, want 40", len(all))
	}
	languages, groups, countries, withFiles := map[string]int{}, map[string]int{}, map[string]int{}, 0
	for _, i := range all {
		languages[i.Answers.Get("language")]++
		for _, m := range i.Answers["method"] {
			groups[m[:1]]++
		}
		countries[i.Answers.Get("country_event")]++
		if len(i.Files) > 0 {
			withFiles++
		}
	}
	for _, l := range []string{"en", "be", "ru", "uk", "pl"} {
		if languages[l] != 8 {
			t.Errorf("%d incidents in %s, want 8", languages[l], l)
		}
	}
	for _, g := range strings.Split("D H M T P L A X", " ") {
		if groups[g] == 0 {
			t.Errorf("no incident of method group %s", g)
		}
	}
	if len(countries) < 12 {
		t.Errorf("%d countries, want a dozen or more", len(countries))
	}
	if withFiles < 13 || withFiles > 20 {
		t.Errorf("%d incidents with files, want about a third of 40", withFiles)
	}
}

func TestFilesAreWhatTheirNamesSay(t *testing.T) {
	shorttest.Skip(t, "no sample file is drawn")
	kinds := map[string]int{}
	for _, i := range Incidents() {
		for _, f := range i.Files {
			content, err := f.Make()
			if err != nil {
				t.Fatalf("%s: %v", f.Name, err)
			}
			again, err := f.Make()
			if err != nil || !bytes.Equal(content, again) {
				t.Errorf("%s: made twice, it is not the same", f.Name)
			}
			ext := strings.ToLower(path.Ext(f.Name))
			kinds[ext]++
			switch ext {
			case ".jpg", ".jpeg":
				_, err = jpeg.Decode(bytes.NewReader(content))
			case ".png":
				_, err = png.Decode(bytes.NewReader(content))
			case ".pdf":
				if !bytes.HasPrefix(content, []byte("%PDF-")) || !bytes.Contains(content, []byte("%%EOF")) {
					t.Errorf("%s is not a PDF", f.Name)
				}
			case ".wav":
				if string(content[:4]) != "RIFF" || string(content[8:12]) != "WAVE" || len(content) < 44 {
					t.Errorf("%s is not a WAV", f.Name)
				}
			case ".txt":
				if !utf8.Valid(content) {
					t.Errorf("%s is not UTF-8", f.Name)
				}
			default:
				t.Errorf("%s: no such kind of file was planned", f.Name)
			}
			if err != nil {
				t.Errorf("%s: %v", f.Name, err)
			}
		}
	}
	for _, ext := range []string{".jpg", ".png", ".pdf", ".wav", ".txt"} {
		if kinds[ext] == 0 {
			t.Errorf("no %s among the files", ext)
		}
	}
}

func TestForm(t *testing.T) {
	form := Incidents()[0].Form(someDay)
	for field, want := range map[string]string{
		"danger_now": "yes", "deadline": "2026-03-10", "method": "H1", "country_event": "IT", "consent": "store",
	} {
		if got := form.Get(field); got != want {
			t.Errorf("%s is %q, want %q", field, got, want)
		}
	}
	if got := strings.Join(form["consent"], " "); got != "store statistics lawyer ccf court ask" {
		t.Errorf("consent is %q", got)
	}
	if _, set := Incidents()[1].Form(someDay)["deadline"]; set {
		t.Error("an empty deadline was sent")
	}
}

// A text that the form would refuse would leave the demo without it.
func TestTheFormTakesThem(t *testing.T) {
	for n, i := range Incidents() {
		if _, errs := incident.Validate(incident.Form(i.Form(someDay)), someDay, incident.ActReport); len(errs) > 0 {
			t.Errorf("incident %d (%s): %v", n, i.Answers.Get("language"), errs)
		}
	}
}
