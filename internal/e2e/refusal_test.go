package e2e

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// tab is a browser as a person uses it.
type tab interface {
	open(t *testing.T, at string)
	fill(t *testing.T, selector, text string)
	choose(t *testing.T, selector, file string)
	click(t *testing.T, selector string)
	text(t *testing.T, selector string) string
}

// chromiumTab is a Chromium, by way of chromedp.
type chromiumTab struct{ ctx context.Context }

func (c chromiumTab) do(t *testing.T, action chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chrome(c.ctx, action); err != nil {
		t.Fatalf("Chromium: %v", err)
	}
}

func (c chromiumTab) open(t *testing.T, at string) { t.Helper(); c.do(t, chromedp.Navigate(at)) }

func (c chromiumTab) fill(t *testing.T, selector, text string) {
	t.Helper()
	c.do(t, chromedp.SendKeys(chromedp.CSS(selector), text))
}

func (c chromiumTab) choose(t *testing.T, selector, file string) {
	t.Helper()
	c.do(t, chromedp.SetUploadFiles(chromedp.CSS(selector), []string{file}))
}

func (c chromiumTab) click(t *testing.T, selector string) {
	t.Helper()
	c.do(t, chromedp.Click(chromedp.CSS(selector)))
}

func (c chromiumTab) text(t *testing.T, selector string) string {
	t.Helper()
	c.do(t, chromedp.WaitVisible(chromedp.CSS(selector)))
	text, err := chromeRead(c.ctx, chromedp.TextContent(chromedp.CSS(selector)))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// A refusal in the middle of an upload reaches the person as a page, in the browsers that people have; it is not sent
// again, and what was sealed of it is gone.
func TestRefusalReachesThePerson(t *testing.T) {
	t.Parallel()
	browsers := map[string]func(t *testing.T) tab{
		"Chromium": func(t *testing.T) tab { return chromiumTab{browser(t)} },
		"Firefox":  func(t *testing.T) tab { return newFirefox(t) },
	}
	for name, start := range browsers {
		t.Run(name, func(t *testing.T) { refusals(t, start(t)) })
	}
}

func refusals(t *testing.T, b tab) {
	h := newHouse(t)
	srv := start(t, nil, "serve", "--dir", h.ledger, "--listen", "127.0.0.1:0", "--slot", "0", "--max-file", "2M", "--max-report", "32M")
	line := newLine(t, strings.TrimPrefix(srv.at, "http://"))
	for _, c := range []struct {
		name string
		size int
	}{
		{"refused once the file is too large", 24 << 20},
		{"refused because of what was announced", 48 << 20},
	} {
		t.Run(c.name, func(t *testing.T) {
			film := h.path("film.mp4")
			if err := os.WriteFile(film, bytes.Repeat([]byte("film "), c.size/5), 0o600); err != nil {
				t.Fatal(err)
			}
			b.open(t, "http://"+line.at+"/en/")
			b.fill(t, "#narrative", "They came at six.")
			b.click(t, "input[name=consent][value=store]")
			b.click(t, "#report button.big")
			if code := b.text(t, "#code"); len(strings.Fields(code)) != 8 {
				t.Fatalf("the code is %q", code)
			}
			code := b.text(t, "#code")
			b.click(t, "a.button.big")
			b.fill(t, "input#code", code)
			b.choose(t, "#file", film)
			before := line.posts.Load()
			b.click(t, "#files button:not(.vh)")
			if text := b.text(t, ".errors"); !strings.Contains(text, "That is more than we can take at once") {
				t.Errorf("the person reads %q", text)
			}
			if n := line.posts.Load() - before; n != 1 {
				t.Errorf("the browser sent it %d times", n)
			}
			if n := partsIn(t, h.ledger); n != 0 {
				t.Errorf("%d files are left of it", n)
			}
		})
	}
	srv.stop(t)
}

// line is a connection that is not as fast as loopback, so that an upload is under way when it is refused. It counts the
// requests that bring files.
type line struct {
	at    string
	posts atomic.Int64
}

// lineRate is in bytes a second, one way.
const lineRate = 24 << 20

func newLine(t *testing.T, to string) *line {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	n := &line{at: l.Addr().String()}
	go func() {
		for {
			person, err := l.Accept()
			if err != nil {
				return
			}
			go n.carry(person, to)
		}
	}()
	return n
}

// carry passes on what both sides say, and each side's end as an end.
func (n *line) carry(person net.Conn, to string) {
	defer person.Close()
	server, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer server.Close()
	back := make(chan struct{})
	go func() {
		defer close(back)
		_, _ = io.Copy(person, server)
		_ = person.(*net.TCPConn).CloseWrite()
	}()
	buf := make([]byte, 64<<10)
	for {
		m, err := person.Read(buf)
		n.posts.Add(int64(bytes.Count(buf[:m], []byte("POST /en/files HTTP/1.1\r\n"))))
		if _, wrote := server.Write(buf[:m]); err != nil || wrote != nil {
			break
		}
		time.Sleep(time.Second * time.Duration(m) / lineRate)
	}
	_ = server.(*net.TCPConn).CloseWrite()
	<-back
}
