package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
	"time"

	"zapis/cmd/zapisd/sample"
)

// receipt is the form's answer to a program.
type receipt struct {
	Code    string `json:"code"`
	Promise string `json:"promise"`
}

// fileReport sends a report as a browser does: the fields, then the files with the code. It returns the case's id.
func fileReport(ctx context.Context, at string, i sample.Incident) (string, error) {
	words := i.Form(time.Now())
	words.Set("form", newFormNonce())
	first, err := post(ctx, at+"/send", words, nil)
	if err != nil {
		return "", err
	}
	if len(i.Files) > 0 {
		later := url.Values{"code": {first.Code}, "form": {newFormNonce()}}
		if i.ShowWho {
			later.Set("files_identify", "yes")
		}
		if _, err := post(ctx, at+"/files", later, i.Files); err != nil {
			return "", fmt.Errorf("its files: %w", err)
		}
	}
	return caseOf(first.Promise)
}

// newFormNonce returns a value for the page's hidden field.
func newFormNonce() string {
	var b [16]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// caseOf returns a case's id from the promise of its first report: c and ten digits of the body's hash.
func caseOf(promise string) (string, error) {
	lines := strings.SplitN(promise, "\n", 4)
	if len(lines) < 4 || lines[0] != "zapis/promise/v1" || len(lines[2]) != 64 {
		return "", fmt.Errorf("the form answered with something that is no promise")
	}
	return "c" + lines[2][:10], nil
}

// post sends a multipart form, streaming it, and reads the answer.
func post(ctx context.Context, where string, fields url.Values, files []sample.File) (receipt, error) {
	body, w := io.Pipe()
	form := multipart.NewWriter(w)
	go func() { w.CloseWithError(writeForm(form, fields, files)) }()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, where, body)
	if err != nil {
		return receipt{}, err
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	req.Header.Set("Accept", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return receipt{}, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return receipt{}, err
	}
	if resp.StatusCode != http.StatusCreated {
		return receipt{}, fmt.Errorf("the form answered %s: %s", resp.Status, answer)
	}
	var got receipt
	if err := json.Unmarshal(answer, &got); err != nil {
		return receipt{}, fmt.Errorf("the form's answer can't be read: %w", err)
	}
	return got, nil
}

func writeForm(form *multipart.Writer, fields url.Values, files []sample.File) error {
	for name, values := range fields {
		for _, v := range values {
			if err := form.WriteField(name, v); err != nil {
				return err
			}
		}
	}
	for _, f := range files {
		content, err := f.Make()
		if err != nil {
			return err
		}
		head := textproto.MIMEHeader{}
		head.Set("Content-Disposition", multipart.FileContentDisposition("file", f.Name))
		head.Set("Content-Type", "application/octet-stream")
		part, err := form.CreatePart(head)
		if err != nil {
			return err
		}
		if _, err := part.Write(content); err != nil {
			return err
		}
	}
	return form.Close()
}
