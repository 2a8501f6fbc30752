package duty

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"zapis/internal/exit"
)

// maxFetched bounds what is read of an answer: a batch of 32 duty cards has about 100 KiB, a change of the log's keys 20.
const maxFetched = 1 << 20

// client asks one server. It follows no redirect and keeps no cookie.
type client struct {
	base string
	http *http.Client
}

// newClient speaks to the server at from, through a proxy where one is given: socks5h:// has it resolve the name.
func newClient(from, proxy string) (*client, error) {
	u, err := url.Parse(from)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, exit.New(exit.Usage, "", "--from %s: it is http:// or https:// and a host", from)
	}
	t := &http.Transport{DisableCompression: true, MaxIdleConns: 1, IdleConnTimeout: 30 * time.Second}
	if proxy != "" {
		p, err := url.Parse(proxy)
		if err != nil || p.Scheme != "socks5" && p.Scheme != "socks5h" || p.Host == "" {
			return nil, exit.New(exit.Usage, "tor listens on socks5h://127.0.0.1:9050", "--proxy %s: it is socks5:// or socks5h:// and a host with its port", proxy)
		}
		t.Proxy = http.ProxyURL(p)
	}
	if proxy == "" && strings.HasSuffix(u.Hostname(), ".onion") {
		return nil, exit.New(exit.Usage, "--proxy socks5h://127.0.0.1:9050, where tor runs on this computer", "--from %s: an onion needs a proxy", from)
	}
	return &client{strings.TrimSuffix(from, "/"), &http.Client{Transport: t, Timeout: 2 * time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}, nil
}

// errNotThere is an answer of 404.
var errNotThere = errors.New("there is no such thing")

func (c *client) do(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		if of, ok := errors.AsType[*url.Error](err); ok {
			err = of.Err
		}
		return nil, err
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(io.LimitReader(resp.Body, maxFetched))
	switch {
	case err != nil:
		return nil, err
	case resp.StatusCode == http.StatusNotFound && method == http.MethodGet:
		return nil, errNotThere
	case resp.StatusCode == http.StatusOK, resp.StatusCode == http.StatusNoContent:
		return got, nil
	}
	line, _, _ := strings.Cut(string(got[:min(len(got), 500)]), "\n")
	return nil, fmt.Errorf("the server answered %d: %s", resp.StatusCode, line)
}

func (c *client) get(ctx context.Context, path string) ([]byte, error) {
	return c.do(ctx, http.MethodGet, path, nil)
}

func (c *client) post(ctx context.Context, path string, message []byte) error {
	_, err := c.do(ctx, http.MethodPost, path, message)
	return err
}
