package desk_test

import (
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"zapis/internal/desk"
	"zapis/internal/exit"
	"zapis/internal/incident"
	"zapis/internal/memorytest"
	"zapis/internal/shorttest"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/media"
	"zapis/internal/trustee/review"
	"zapis/internal/trustee/vault"
	"zapis/internal/trustee/vault/vaulttest"
)

const passphrase = "open sesame"

// browser is a desk over a vault with two cases, and a client that was let in.
type browser struct {
	t      *testing.T
	client *http.Client
	origin string
	keeper *desk.Keeper
	open   func() (*casework.Trustee, error) // opens the vault once more, as another process would
	closed chan struct{}
	house  *vaulttest.House
	quiet  string // the case without danger
}

// TestMain is also the worker that decodes attachments.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == media.Verb {
		os.Exit(media.WorkerMain())
	}
	memorytest.TempDirs()
	os.Exit(m.Run())
}

func start(t *testing.T) *browser { return startIdle(t, time.Hour) }

func startIdle(t *testing.T, idle time.Duration) *browser {
	return startWith(t, idle, nil)
}

// startWith is a desk whose case without danger has files.
func startWith(t *testing.T, idle time.Duration, files []vaulttest.File) *browser {
	t.Helper()
	h := vaulttest.New(t, vaulttest.Options{})
	quiet := h.Report(files, "narrative", "A letter came <b>late</b>.", "danger_now", "no")
	h.Report(nil, "narrative", "They wait outside.", "danger_now", "yes", "deadline", "2027-01-05")
	h.FollowUp(quiet, incident.ActFollowUp, nil, "narrative", "Another letter.")
	b := startOn(t, h, idle)
	b.quiet = quiet.Case
	return b
}

// startOn is a desk over anna's vault, which has all of a ledger.
func startOn(t *testing.T, h *vaulttest.House, idle time.Duration) *browser {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "vault")
	anna := vaulttest.Identity(t, "anna")
	options := vault.Options{Create: true, Now: h.Now, Tool: "desk test", Warn: t.Logf, Wait: 100 * time.Millisecond}
	open := func() (*casework.Trustee, error) {
		v, err := casework.Open(dir, options)
		if err == nil {
			err = v.Use(vaulttest.Key(anna))
		}
		return v, err
	}
	v, err := casework.Open(dir, options)
	if err != nil {
		t.Fatal(err)
	}
	card, key := h.Card(), vaulttest.Key(anna)
	if _, err := v.Import(t.Context(), strings.NewReader(string(h.Carry(0))), vault.ImportOptions{Card: &card, Key: &key}); err != nil {
		t.Fatal(err)
	}
	v.Close()

	b := &browser{t: t, open: open, closed: make(chan struct{}), house: h}
	b.keeper = desk.NewKeeper(func(_ context.Context, given string) (*casework.Trustee, error) {
		if given != passphrase {
			return nil, exit.New(exit.KeyMissing, "type it again", "the passphrase is wrong")
		}
		return open()
	}, idle)
	worker := media.NewClient(os.Args[0], media.Verb)
	t.Cleanup(func() { worker.Close() })
	pages, err := desk.New(b.keeper, desk.Options{Name: "anna", Quit: func() { close(b.closed) }, Media: worker})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(nil)
	access := desk.NewAccess(s.Listener.Addr())
	s.Config.Handler = access.Guard(pages)
	s.Start()
	t.Cleanup(func() { s.Close(); b.keeper.Lock() })
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	// Names under .localhost are loopback addresses to a browser; here the transport goes there itself.
	transport := s.Client().Transport.(*http.Transport).Clone()
	address := s.Listener.Addr().String()
	b.client = &http.Client{Jar: jar, Transport: toAddress{transport, address}}
	b.origin = access.Origin()
	if status, page := b.get(strings.TrimPrefix(access.URL(), access.Origin())); status != 200 || !strings.Contains(page, "Passphrase of anna") {
		t.Fatalf("%d %s", status, page)
	}
	return b
}

// toAddress sends every request to one address and keeps the host that it names.
type toAddress struct {
	via     http.RoundTripper
	address string
}

func (a toAddress) RoundTrip(r *http.Request) (*http.Response, error) {
	sent := r.Clone(r.Context())
	sent.Host, sent.URL.Host = r.URL.Host, a.address
	return a.via.RoundTrip(sent)
}

func (b *browser) do(r *http.Request, err error) (int, string) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	resp, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func (b *browser) get(path string) (int, string) {
	b.t.Helper()
	return b.do(http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.origin+path, nil))
}

func (b *browser) post(path string, form url.Values) (int, string) {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.origin+path, strings.NewReader(form.Encode()))
	if err == nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", b.origin)
	}
	return b.do(r, err)
}

func (b *browser) unlock() {
	b.t.Helper()
	if status, page := b.post("/unlock", url.Values{"passphrase": {passphrase}}); status != 200 || !strings.Contains(page, "<h1>Queue</h1>") {
		b.t.Fatalf("%d %s", status, page)
	}
}

func TestALockedDeskShowsNothing(t *testing.T) {
	b := start(t)
	for _, path := range []string{"/", "/case/c0"} {
		if status, page := b.get(path); status != 200 || !strings.Contains(page, "Passphrase of anna") || strings.Contains(page, "outside") {
			t.Errorf("%s: %d %s", path, status, page)
		}
	}
	status, page := b.post("/unlock", url.Values{"passphrase": {"guess"}})
	if status != 200 || !strings.Contains(page, "the passphrase is wrong") || !strings.Contains(page, "type it again") || strings.Contains(page, "guess") {
		t.Errorf("%d %s", status, page)
	}
}

func TestTheQueueShowsDangerFirst(t *testing.T) {
	b := start(t)
	b.unlock()
	_, page := b.get("/")
	now, quiet := strings.Index(page, "NOW"), strings.LastIndex(page, "/case/c")
	if now < 0 || now > quiet || strings.Count(page, "/case/c") != 2 || !strings.Contains(page, "2027-01-05") {
		t.Errorf("the queue:\n%s", page)
	}
}

func TestACaseIsShownEscapedWithItsFollowUps(t *testing.T) {
	b := start(t)
	b.unlock()
	_, queue := b.get("/")
	path := queue[strings.LastIndex(queue, "/case/c"):]
	path = path[:strings.Index(path, `"`)]
	status, page := b.get(path)
	for _, want := range []string{"A letter came &lt;b&gt;late&lt;/b&gt;.", "Another letter.", "The reporter adds"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q (%d):\n%s", want, status, page)
		}
	}
	if status, page := b.get("/case/c000000"); status == 200 || !strings.Contains(page, "Back to the queue") {
		t.Errorf("an unknown case: %d %s", status, page)
	}
}

func TestLockAndCloseForgetTheVault(t *testing.T) {
	b := start(t)
	b.unlock()
	if _, page := b.post("/lock", nil); !strings.Contains(page, "Passphrase of anna") || !b.keeper.Locked() {
		t.Errorf("after Lock:\n%s", page)
	}
	b.unlock()
	if _, page := b.post("/quit", nil); !strings.Contains(page, "<h1>Closed</h1>") || !b.keeper.Locked() {
		t.Errorf("after Close at once:\n%s", page)
	}
	select {
	case <-b.closed:
	case <-t.Context().Done():
		t.Error("the program was not told to end")
	}
}

func TestAVaultThatDoesNotOpenStaysLocked(t *testing.T) {
	k := desk.NewKeeper(func(context.Context, string) (*casework.Trustee, error) {
		return nil, exit.New(exit.Failed, "", "another process has it")
	}, time.Hour)
	if err := k.Unlock(t.Context(), ""); err == nil || !k.Locked() {
		t.Errorf("unlocked, %v", err)
	}
	if err := k.With(nil); err != desk.ErrLocked {
		t.Errorf("With of a locked keeper: %v", err)
	}
}

func TestLocksAfterIdleTime(t *testing.T) {
	b := startIdle(t, 200*time.Millisecond)
	if err := b.keeper.Unlock(t.Context(), passphrase); err != nil { // a page may come after the idle time
		t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); !b.keeper.Locked(); runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatal("the desk did not lock itself")
		}
	}
	if _, page := b.get("/"); !strings.Contains(page, "Passphrase of anna") {
		t.Errorf("after the idle time:\n%s", page)
	}
}

// While the desk is unlocked, a verb has its turn, and the desk shows what the verb has done.
func TestAVerbHasItsTurnWhileTheDeskIsOpen(t *testing.T) {
	shorttest.Skip(t, "no verb runs beside the desk")
	b := start(t)
	b.unlock()
	v, err := b.open()
	if err != nil {
		t.Fatal(err)
	}
	if err := b.keeper.With(func(*casework.Trustee, *casework.Cases) error { return nil }); err == nil || !strings.Contains(err.Error(), "the vault is in use by process ") {
		t.Errorf("while the verb has its turn: %v", err)
	}
	cases, err := v.Sort(t.Context(), func(int, int) {})
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Write(cases.List[0], review.Review{Kind: review.Note, Text: "Written by a verb."}, false); err != nil {
		t.Fatal(err)
	}
	id := cases.List[0].ID
	v.Close()
	err = b.keeper.With(func(v *casework.Trustee, cases *casework.Cases) error {
		c, err := cases.Find(id)
		if err != nil {
			return err
		}
		shown, err := v.Show(c)
		if err == nil && (len(shown.Reviews) != 1 || shown.Reviews[0].Text != "Written by a verb.") {
			t.Errorf("the desk shows %+v", shown.Reviews)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
