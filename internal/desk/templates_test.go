package desk

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"
)

// A browser keeps what is typed into a form, to offer it again, unless the form says not to.
func TestNoFormIsKeptByTheBrowser(t *testing.T) {
	names, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil || len(names) == 0 {
		t.Fatalf("%d templates, %v", len(names), err)
	}
	forms := 0
	for _, name := range names {
		page, err := fs.ReadFile(templateFiles, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, form := range strings.Split(string(page), "<form")[1:] {
			forms++
			if tag, _, _ := strings.Cut(form, ">"); !strings.Contains(tag, `autocomplete="off"`) {
				t.Errorf("%s: <form%s>", name, tag)
			}
		}
	}
	if forms < 30 {
		t.Errorf("%d forms found", forms)
	}
}

// The page of keys has every key that another page has.
func TestEveryKeyIsListed(t *testing.T) {
	list, err := fs.ReadFile(templateFiles, "templates/keys.html")
	if err != nil {
		t.Fatal(err)
	}
	names, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]bool{}
	for _, name := range names {
		page, err := fs.ReadFile(templateFiles, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`data-key="([^"{]+)"`).FindAllStringSubmatch(string(page), -1) {
			keys[m[1]] = true
		}
	}
	for key := range keys {
		if shown := strings.Replace(key, " ", "Space", 1); !strings.Contains(string(list), "<kbd>"+shown+"</kbd>") {
			t.Errorf("the key %q is not listed", key)
		}
	}
	if len(keys) < 15 {
		t.Errorf("%d keys found", len(keys))
	}
}
