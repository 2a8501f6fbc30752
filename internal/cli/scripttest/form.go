package scripttest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func dial(ctx context.Context, socket string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, "unix", socket)
}

// Socket returns an HTTP client over a Unix socket, for any host in an address. It keeps no connection.
func Socket(socket string) *http.Client {
	return &http.Client{Timeout: time.Minute, Transport: &http.Transport{
		DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx, socket) },
		DisableKeepAlives: true,
	}}
}

// Answers waits until a server answers on the socket: answers SOCKET.
func Answers(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: answers SOCKET")
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		conn, err := dial(context.Background(), ts.MkAbs(args[0]))
		if err == nil {
			conn.Close()
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("nobody answers on %s: %v", args[0], err)
		}
	}
}

// Send files a report, with a file unless that is nil. It returns the promise, or the answer where there is none.
func Send(ts *testscript.TestScript, socket string, fields [][2]string, file []byte) (promise, refused string) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, f := range fields {
		ts.Check(form.WriteField(f[0], f[1]))
	}
	if file != nil {
		w, err := form.CreateFormFile("file", "a file")
		ts.Check(err)
		_, err = w.Write(file)
		ts.Check(err)
	}
	ts.Check(form.Close())
	req, err := http.NewRequest(http.MethodPost, "http://form/send", &body)
	ts.Check(err)
	req.Header.Set("Content-Type", form.FormDataContentType())
	req.Header.Set("Accept", "application/json")
	resp, err := Socket(ts.MkAbs(socket)).Do(req)
	ts.Check(err)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	ts.Check(err)
	if resp.StatusCode != http.StatusCreated {
		return "", resp.Status + "\n" + string(answer)
	}
	var got struct{ Promise string }
	ts.Check(json.Unmarshal(answer, &got))
	return got.Promise, ""
}
