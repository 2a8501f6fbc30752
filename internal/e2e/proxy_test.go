package e2e

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// proxyConfig is one of docs/proxy with other places in it.
func proxyConfig(t *testing.T, name string, changes ...string) string {
	t.Helper()
	text := string(readFile(t, filepath.Join("..", "..", "docs", "proxy", name)))
	for i := 0; i < len(changes); i += 2 {
		changed := strings.ReplaceAll(text, changes[i], changes[i+1])
		if changed == text {
			t.Fatalf("docs/proxy/%s has no %q", name, changes[i])
		}
		text = changed
	}
	return text
}

// freePort returns an unused port of this machine.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
}

// proxy runs a proxy until the test ends, and waits until it listens.
func proxy(t *testing.T, port string, words ...string) (output *safeBuffer) {
	t.Helper()
	output = new(safeBuffer)
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Stdout, cmd.Stderr = output, output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() { cmd.Process.Signal(syscall.SIGTERM); <-ended })
	for end := time.Now().Add(patience); ; {
		conn, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err == nil {
			conn.Close()
			return output
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("%s ended: %v\n%s", words[0], err, output)
		case <-time.After(10 * time.Millisecond):
		}
		if time.Now().After(end) {
			t.Fatalf("%s does not listen\n%s", words[0], output)
		}
	}
}

// throughProxy sends a report with a file through a proxy, as a browser does, looks for it in the folders during and
// after that, and then requests a page after the server has stopped.
func throughProxy(t *testing.T, h house, srv *service, client *http.Client, at string, output *safeBuffer, folders ...string) {
	t.Helper()
	c := newCanary()
	r, w := io.Pipe()
	form := multipart.NewWriter(w)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, at+"/en/send", r)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	req.Header.Set("Origin", at) // and no Sec-Fetch-Site: an old browser
	done := make(chan string, 1)
	go func() {
		resp, err := client.Do(req)
		if err != nil {
			done <- err.Error()
			r.CloseWithError(err)
			return
		}
		defer resp.Body.Close()
		page, err := io.ReadAll(resp.Body)
		done <- fmt.Sprintf("%s %d bytes, encoded %q, %v\n%s", resp.Status, len(page), resp.Header.Get("Content-Encoding"), err, page)
	}()
	field := func(name, value string) {
		if err := form.WriteField(name, value); err != nil {
			t.Fatalf("%v: %.300s", err, <-done)
		}
	}
	field("narrative", c.word)
	field("consent", "store")
	file, err := form.CreateFormFile("file", c.word+".txt")
	if err != nil {
		t.Fatal(err)
	}
	pour(t, file, c, 3<<20)
	for _, found := range c.find(t, folders...) {
		t.Errorf("in the middle of an upload: %s", found)
	}
	pour(t, file, c, 1<<20)
	form.Close()
	w.Close()
	if answer := <-done; !strings.HasPrefix(answer, `200 OK 81920 bytes, encoded "", <nil>`) || !strings.Contains(answer, `id="code"`) {
		t.Errorf("the answer: %.300s", answer)
	}
	for _, found := range c.find(t, folders...) {
		t.Errorf("after a report: %s", found)
	}

	srv.stop(t)
	resp, err := client.Get(at + "/en/" + c.word)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode/100 != 5 {
		t.Errorf("without a server behind it: %s", resp.Status)
	}
	for _, words := range []string{c.word, "127.0.0.1:", "remote_ip"} {
		if strings.Contains(output.String(), words) {
			t.Errorf("the proxy said %q:\n%s", words, output)
		}
	}
}

func TestNginxInFront(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	srv := start(t, nil, "serve", "--dir", h.ledger, "--listen", "unix:"+h.path("form.sock"), "--slot", "0")
	must(t, h.dir, "openssl", "req", "-x509", "-newkey", "ed25519", "-nodes", "-subj", "/CN=form.example.org",
		"-addext", "subjectAltName=DNS:form.example.org", "-keyout", "key.pem", "-out", "cert.pem", "-days", "2")
	port, plain := freePort(t), freePort(t)
	conf := proxyConfig(t, "nginx.conf",
		"\t\tlisten [::]:80;\n", "", "\t\tlisten [::]:443 ssl http2;\n", "", "listen 80;", "listen 127.0.0.1:"+plain+";",
		"listen 443 ssl", "listen 127.0.0.1:"+port+" ssl", "/etc/letsencrypt/live/form.example.org/fullchain.pem", h.path("cert.pem"),
		"/etc/letsencrypt/live/form.example.org/privkey.pem", h.path("key.pem"), "/run/zapis/form.sock", h.path("form.sock"),
		"/run/nginx.pid", h.path("nginx.pid"), "user www-data;", "user root root;", // without effect where the tests run as another user
		"http {\n", "http {\n\tclient_body_temp_path body;\n\tproxy_temp_path proxy;\n\tfastcgi_temp_path f;\n\tuwsgi_temp_path u;\n\tscgi_temp_path s;\n")
	writeFile(t, h.path("nginx.conf"), conf)
	must(t, h.dir, "nginx", "-t", "-q", "-p", h.dir, "-c", h.path("nginx.conf"))

	output := proxy(t, port, "nginx", "-p", h.dir, "-c", h.path("nginx.conf"), "-g", "daemon off;")
	client := &http.Client{
		CheckRedirect: func(req *http.Request, _ []*http.Request) error { // to a page of its own, and nowhere else
			if req.URL.Host != "form.example.org" || !strings.HasPrefix(req.URL.Path, "/en/page/") {
				return errors.New("a redirect to " + req.URL.String())
			}
			return nil
		},
		Transport: &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, "tcp", "127.0.0.1:"+port)
			}},
	}
	throughProxy(t, h, srv, client, "https://form.example.org", output, h.dir)
}

func TestCaddyInFront(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	data := []string{"env", "XDG_DATA_HOME=" + h.path("data"), "XDG_CONFIG_HOME=" + h.path("config")}
	must(t, h.dir, append(data, "caddy", "validate", "--adapter", "caddyfile", "--config", filepath.Join(docs(t), "proxy", "Caddyfile"))...)

	srv := start(t, nil, "serve", "--dir", h.ledger, "--listen", "unix:"+h.path("form.sock"), "--slot", "0")
	port := freePort(t)
	writeFile(t, h.path("Caddyfile"), proxyConfig(t, "Caddyfile",
		"form.example.org {", "http://127.0.0.1:"+port+" {", "unix//run/zapis/form.sock", "unix/"+h.path("form.sock")))
	output := proxy(t, port, append(data, "caddy", "run", "--adapter", "caddyfile", "--config", h.path("Caddyfile"))...)
	throughProxy(t, h, srv, http.DefaultClient, "http://127.0.0.1:"+port, output, h.dir)
}

// docs is the folder of the pages.
func docs(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "..", "docs"))
	if err != nil {
		t.Fatal(err)
	}
	return path
}
