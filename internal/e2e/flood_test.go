package e2e

import (
	"net/http"
	"strings"
	"testing"
)

// A flood up to the quota ends with a polite no, files first and words last; what was there before is intact.
func TestFloodUpToTheQuota(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	srv := start(t, nil, "serve", "--dir", h.ledger, "--listen", "127.0.0.1:0", "--slot", "0", "--quota", "26M")
	code := sendWords(t, srv.at)
	sendFile(t, srv.at, code, 300_000)

	const full = `{"error":"full","fields":{}}` + "\n"
	files := 0
	for ; files < 100; files++ {
		status, answer := floodFile(t, srv.at, code)
		if status == http.StatusInsufficientStorage && answer == full {
			break
		}
		if status != http.StatusCreated {
			t.Fatalf("file %d: status %d, %s", files, status, answer)
		}
	}
	kept := partsIn(t, h.ledger)
	if files == 0 || files == 100 || kept != files+1 {
		t.Errorf("after %d files no more were taken, and %d are on the disk", files, kept)
	}
	// Words still come in.
	words := 0
	for ; words < 1000; words++ {
		status, answer := floodWords(t, srv.at)
		if status == http.StatusInsufficientStorage && answer == full {
			break
		}
		if status != http.StatusCreated {
			t.Fatalf("words %d: status %d, %s", words, status, answer)
		}
	}
	if words < 5 || words == 1000 {
		t.Errorf("after %d reports no more were taken", words)
	}
	t.Logf("%d files, then %d reports", files, words)
	resp, err := http.Post(srv.at+"/be/send", "application/x-www-form-urlencoded", strings.NewReader("narrative=%D0%AF&consent=store"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusInsufficientStorage || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
		t.Errorf("a person hears %s, %s", resp.Status, resp.Header.Get("Content-Type"))
	}
	get(t, srv.at+"/be/", http.StatusOK)
	// The mailbox of the first report still opens.
	status, answer := post(t, srv.at+"/en/mailbox", "application/x-www-form-urlencoded", strings.NewReader("code="+strings.ReplaceAll(code, " ", "+")))
	if status != http.StatusOK {
		t.Errorf("the mailbox: status %d, %.200s", status, answer)
	}
	must(t, h.dir, "zapisd", "check", "--dir", h.ledger)
	must(t, h.dir, "zapisd", "export", "--dir", h.ledger, "--out", "carry.tar")
	srv.stop(t)
	if n := partsIn(t, h.ledger); n != kept {
		t.Errorf("%d of %d files are left", n, kept)
	}
	must(t, h.dir, append([]string{"zapis", "import", "--vault", "vault", "--ledger", h.card, "carry.tar"}, h.as("anna")...)...)
	if cases := list(t, h, "anna"); len(cases) != words+1 {
		t.Errorf("the trustees see %d cases, want %d", len(cases), words+1)
	}
}

// With less free on the disk than is to stay free, files are refused first and words last.
func TestFloorsOfFreeDisk(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		flags        []string
		files, words int
	}{
		{[]string{"--files-floor", "1000000G"}, http.StatusInsufficientStorage, http.StatusCreated},
		{[]string{"--files-floor", "1000000G", "--words-floor", "1000000G"}, http.StatusInsufficientStorage, http.StatusInsufficientStorage},
	} {
		h := newHouse(t)
		srv := start(t, nil, append([]string{"serve", "--dir", h.ledger, "--listen", "127.0.0.1:0", "--slot", "0"}, c.flags...)...)
		if status, answer := floodFile(t, srv.at, "0"); status != c.files {
			t.Errorf("%v: a file: status %d, %s", c.flags, status, answer)
		}
		if status, answer := floodWords(t, srv.at); status != c.words {
			t.Errorf("%v: words: status %d, %s", c.flags, status, answer)
		}
		if n := partsIn(t, h.ledger); n != 0 {
			t.Errorf("%v: %d files are left", c.flags, n)
		}
		srv.stop(t)
	}
}

func floodWords(t *testing.T, at string) (int, string) {
	t.Helper()
	return post(t, at+"/send", "application/x-www-form-urlencoded", strings.NewReader("narrative=They+came+at+six.&consent=store"))
}

// floodFile sends half a mebibyte, which takes up one.
func floodFile(t *testing.T, at, code string) (int, string) {
	t.Helper()
	return post(t, at+"/files", "multipart/form-data; boundary=b", strings.NewReader("--b\r\nContent-Disposition: form-data; name=\"code\"\r\n\r\n"+code+
		"\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\n\r\n"+strings.Repeat("x", 1<<19)+"\r\n--b--\r\n"))
}
