package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// firefox is a Firefox ESR of its own, which is what Tor Browser is made of, with scripts switched off. It is spoken to
// by Marionette, Firefox's own remote protocol: JSON with its length in front.
type firefox struct {
	conn net.Conn
	in   *bufio.Reader
	id   int

	profile string
	quit    func() // ends the browser at once; may be called twice
	ended   <-chan struct{}
}

// The last five leave out pages that Firefox opens or gets ready by itself: that of the start, of a new version, the welcome, the
// next tab, and processes for more of them.
const firefoxPrefs = `user_pref("marionette.port", 0);
user_pref("javascript.enabled", false);
user_pref("network.proxy.type", 0);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("app.update.auto", false);
user_pref("app.normandy.enabled", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("toolkit.telemetry.enabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("browser.safebrowsing.malware.enabled", false);
user_pref("browser.safebrowsing.phishing.enabled", false);
user_pref("services.settings.server", "http://127.0.0.1:9/");
user_pref("extensions.getAddons.cache.enabled", false);
user_pref("browser.startup.page", 0);
user_pref("browser.startup.homepage_override.mstone", "ignore");
user_pref("browser.aboutwelcome.enabled", false);
user_pref("browser.newtab.preload", false);
user_pref("dom.ipc.processPrelaunch.enabled", false);
`

func newFirefox(t *testing.T) *firefox { t.Helper(); return firefoxIn(t, t.TempDir()) }

// firefoxIn starts Firefox with a profile in this folder. It has no time of its own: each thing that it is asked has.
func firefoxIn(t *testing.T, profile string) *firefox {
	t.Helper()
	writeFile(t, filepath.Join(profile, "user.js"), firefoxPrefs)
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, "firefox-esr", "--headless", "--marionette", "--no-remote", "--profile", profile)
	cmd.Env = append(os.Environ(), "HOME="+profile, "MOZ_CRASHREPORTER_DISABLE=1")
	if err := cmd.Start(); err != nil {
		t.Fatalf("starting Firefox: %v", err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	t.Cleanup(func() { cancel(); <-ended })

	// Firefox writes the port that it got into its profile.
	var port []byte
	for end := time.Now().Add(patience); len(port) == 0; time.Sleep(50 * time.Millisecond) {
		port, _ = os.ReadFile(filepath.Join(profile, "MarionetteActivePort"))
		if time.Now().After(end) {
			t.Fatal("Firefox does not listen")
		}
	}
	conn, err := net.Dial("tcp", "127.0.0.1:"+strings.TrimSpace(string(port)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	f := &firefox{conn: conn, in: bufio.NewReader(conn), profile: profile, ended: ended, quit: func() { cancel(); <-ended }}
	if _, err := f.receive(); err != nil { // it greets first
		t.Fatal(err)
	}
	f.call(t, "WebDriver:NewSession", map[string]any{})
	return f
}

// leave has Firefox end as by its menu, so that it writes its profile.
func (f *firefox) leave(t *testing.T) {
	t.Helper()
	f.call(t, "Marionette:Quit", map[string]any{"flags": []string{"eAttemptQuit"}})
	select {
	case <-f.ended:
	case <-time.After(patience):
		t.Fatal("Firefox does not end")
	}
}

func (f *firefox) receive() ([]byte, error) {
	length, err := f.in.ReadString(':')
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(strings.TrimSuffix(length, ":"))
	if err != nil {
		return nil, err
	}
	message := make([]byte, n)
	_, err = io.ReadFull(f.in, message)
	return message, err
}

// call runs a command and returns its result.
func (f *firefox) call(t *testing.T, command string, params map[string]any) json.RawMessage {
	t.Helper()
	result, refused := f.try(t, command, params)
	if refused != "" {
		t.Fatalf("Firefox: %s: %s", command, refused)
	}
	return result
}

// try is call where Firefox may refuse: the page may not be loaded yet.
func (f *firefox) try(t *testing.T, command string, params map[string]any) (result json.RawMessage, refused string) {
	t.Helper()
	f.id++
	request, err := json.Marshal([]any{0, f.id, command, params})
	if err == nil {
		err = f.conn.SetDeadline(time.Now().Add(patience))
	}
	if err == nil {
		_, err = fmt.Fprintf(f.conn, "%d:%s", len(request), request)
	}
	var answer []byte
	if err == nil {
		answer, err = f.receive()
	}
	var parts []json.RawMessage // 1, id, error or null, result
	if err == nil {
		err = json.Unmarshal(answer, &parts)
	}
	if err != nil || len(parts) != 4 {
		t.Fatalf("Firefox: %s: %v, %s", command, err, answer)
	}
	if string(parts[2]) != "null" {
		return nil, string(parts[2])
	}
	return parts[3], ""
}

// element finds what a selector names, and waits for it.
func (f *firefox) element(t *testing.T, selector string) string {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		found, refused := f.try(t, "WebDriver:FindElement", map[string]any{"using": "css selector", "value": selector})
		if refused == "" {
			var one struct{ Value map[string]string }
			if err := json.Unmarshal(found, &one); err != nil {
				t.Fatal(err)
			}
			for _, id := range one.Value {
				return id
			}
		}
		if time.Now().After(end) {
			t.Fatalf("Firefox: no %s: %s", selector, refused)
		}
	}
}

func (f *firefox) open(t *testing.T, at string) {
	t.Helper()
	f.call(t, "WebDriver:Navigate", map[string]any{"url": at})
}

func (f *firefox) fill(t *testing.T, selector, text string) {
	t.Helper()
	f.call(t, "WebDriver:ElementSendKeys", map[string]any{"id": f.element(t, selector), "text": text})
}

func (f *firefox) choose(t *testing.T, selector, file string) {
	t.Helper()
	f.fill(t, selector, file)
}

func (f *firefox) click(t *testing.T, selector string) {
	t.Helper()
	f.call(t, "WebDriver:ElementClick", map[string]any{"id": f.element(t, selector)})
}

func (f *firefox) text(t *testing.T, selector string) string {
	t.Helper()
	var got struct{ Value string }
	if err := json.Unmarshal(f.call(t, "WebDriver:GetElementText", map[string]any{"id": f.element(t, selector)}), &got); err != nil {
		t.Fatal(err)
	}
	return got.Value
}
