package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"zapis/internal/shorttest"
)

// The page is opened from a file, with the network off, and judges the
// published bundles as zapis-verify does.
func TestPage(t *testing.T) {
	shorttest.Skip(t, "the page is not built, and not opened in a browser")
	code, err := compile()
	if err != nil {
		t.Fatal(err)
	}
	page, err := pack(code, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := compile(); err != nil || !bytes.Equal(again, code) {
		t.Errorf("compiled again it has other bytes (%v)", err)
	}
	for _, never := range []string{"http://", "src=", "@import"} {
		if strings.Contains(pageHTML, never) {
			t.Errorf("the page says %s", never)
		}
	}
	name := filepath.Join(t.TempDir(), "verify.html")
	if err := os.WriteFile(name, page, 0o600); err != nil {
		t.Fatal(err)
	}
	vectors, err := filepath.Abs(filepath.Join("..", "..", "..", "docs", "spec", "vectors", "bundle"))
	if err != nil {
		t.Fatal(err)
	}
	text := func(name string) string {
		b, err := os.ReadFile(filepath.Join(vectors, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	card, genesis, anchored, root := text("ledger-card.txt"), text("genesis.txt"), text("anchored/ledger-card.txt"), text("anchored/root.pem")
	changed := filepath.Join(t.TempDir(), "receipt")
	if err := os.WriteFile(changed, []byte(strings.Replace(text("receipt"), "\n5\n", "\n6\n", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(t.TempDir(), "empty.zip")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx := offline(t)
	if err := chromedp.Do(ctx, chromedp.Navigate("file://"+name), chromedp.WaitEnabled(chromedp.CSS("#go"))); err != nil {
		t.Fatal(err)
	}
	const (
		trusted = "consistent, and of a ledger that you trust"
		nobody  = "internally consistent; whose ledger this is was NOT proved"
		bad     = "does NOT verify"
	)
	for _, tt := range []struct {
		file, card  string
		known       []string // files
		tiles       string
		class, want string
		has         string
	}{
		{"bundle.zip", "", nil, "", "consistent", nobody, "unchanged since the entry was made"},
		{"bundle.zip", card, nil, "", "trusted", trusted, "This is the ledger that you trust"},
		{"bundle.zip", "", []string{"ledger-card.txt", "anna.card"}, "", "trusted", trusted, "The signer is the anna whose card you trust."},
		{"bundle.zip", card + text("anna.card"), nil, "", "trusted", trusted, "The signer is the anna whose card you trust."},
		{"bundle.zip", text("log-keys.txt"), nil, "", "consistent", "consistent, and signed with keys that you trust; whose ledger this is was NOT proved", "The checkpoint was signed with log keys that you trust."},
		{"waiting.zip", card, nil, "", "trusted", trusted, "not yet; promised for slot"},
		{"must-fail/account.zip", card, nil, "", "bad", bad, "does not say what the disclosed lines and the ledger say"},
		{"anchored/bundle.zip", anchored + "\n" + root + text("anchored/witness-keys.txt"), nil, "", "trusted", trusted, "was put at its place in the ledger between two times"},
		{"anchored/bundle.zip", root, nil, "", "consistent", nobody, "was put at its place in the ledger between two times"},
		{"receipt", genesis, nil, "", "trusted", trusted, "Entry 2, of the kind report, is in that ledger"},
		{"receipt", card, []string{"bundle.zip"}, "", "trusted", trusted, "Entry 2, of the kind report, is in that ledger"},
		{"receipt", card, []string{"bundle.zip"}, "tiles", "trusted", trusted, "goes on from the 5 in the file"},
		{changed, genesis, nil, "", "bad", bad, "checkpoint: the Ed25519 signature does not fit the text"},
		{"receipt", card, nil, "", "none", "not checked", "the keys of example.org/ledger are not known: a ledger card names them by a hash only"},
		{"receipt", "", nil, "", "none", "not checked", "get its genesis from somebody other than the person who gave you this file"},
		{"promise-kept", genesis, nil, "", "trusted", trusted, "That the promise was kept: the ledger's public tiles show whether it was."},
		{"promise-kept", genesis, nil, "tiles", "trusted", trusted, "The promise was kept: entry 2 of the 5 in the tiles is this body"},
		{"promise-broken", genesis, nil, "tiles", "bad", bad, "the log cheated: it promised the body"},
		{"promise-kept", genesis, nil, "must-fail", "none", "not checked", "--tiles: the folder has no file checkpoint"},
		{"tiles/checkpoint", genesis, []string{"receipt", "must-fail.tsv"}, "", "trusted", trusted, "must-fail.tsv: not a card, a genesis,"},
		{"bundle.zip", card, nil, "tiles", "none", "not checked", "--tiles is for promises, receipts and checkpoints, and bundle.zip is a bundle"},
		{"ledger-card.txt", "", nil, "", "none", "not checked", "ledger-card.txt is a ledger card; what is checked is a bundle"},
		{empty, "", nil, "", "none", "not checked", "empty.zip is empty"},
		{"bundle.zip", "zapis-ledger+x", nil, "", "none", "not checked", "ledger card: it is written zapis-ledger+ORIGIN+HEX"},
		{"bundle.zip", card + "\nDear colleague,\nhere is the card", nil, "", "none", "not checked", "what you pasted: the line that begins “Dear colleague,” is part of no card"},
		{"bundle.zip", "", []string{"bundle.zip"}, "", "none", "not checked", "nothing that was given says whom you trust"},
	} {
		path := func(name string) []string {
			if filepath.IsAbs(name) {
				return []string{name}
			}
			return []string{filepath.Join(vectors, filepath.FromSlash(name))}
		}
		var known []string
		for _, name := range tt.known {
			known = append(known, path(name)...)
		}
		if err := chromedp.Do(ctx, chromedp.Click(chromedp.CSS("#clear"))); err != nil {
			t.Fatal(err)
		}
		choose(t, ctx, "#file", path(tt.file)...)
		choose(t, ctx, "#known", known...)
		if tt.tiles != "" {
			choose(t, ctx, "#tiles", path(tt.tiles)...)
		}
		setCard(t, ctx, tt.card)
		if err := chromedp.Do(ctx, chromedp.Click(chromedp.CSS("#go")), chromedp.WaitVisible(chromedp.CSS("#first"))); err != nil {
			t.Fatalf("%s: %v", tt.file, err)
		}
		first, lists := shown(t, ctx, "#first"), shown(t, ctx, "#lists")
		class, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.getElementById("first").className`))
		if err != nil || class != tt.class || first != tt.want || !strings.Contains(lists, tt.has) {
			t.Errorf("%s: %v %s %q\n%s\nwant %s %q %q", tt.file, err, class, first, lists, tt.class, tt.want, tt.has)
		}
	}
	if err := chromedp.Do(ctx, chromedp.Click(chromedp.CSS("#clear")), chromedp.Click(chromedp.CSS("#go"))); err != nil {
		t.Fatal(err)
	}
	if state := shown(t, ctx, "#state"); state != "Choose the file to check first." {
		t.Error(state)
	}
}

func choose(t *testing.T, ctx context.Context, selector string, names ...string) {
	t.Helper()
	if len(names) == 0 {
		return
	}
	if err := chromedp.Do(ctx, chromedp.SetUploadFiles(chromedp.CSS(selector), names)); err != nil {
		t.Fatalf("%s: %v", selector, err)
	}
}

func setCard(t *testing.T, ctx context.Context, card string) {
	t.Helper()
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[string](fmt.Sprintf(`document.getElementById("card").value = %q`, card))); err != nil {
		t.Fatal(err)
	}
}

func shown(t *testing.T, ctx context.Context, selector string) string {
	t.Helper()
	s, err := chromedp.Run(ctx, chromedp.TextContent(chromedp.CSS(selector)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// offline starts a Chromium that has no network.
func offline(t *testing.T) context.Context {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.UserDataDir(t.TempDir()))
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if _, err := chromedp.Call(ctx, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
		MatchedNetworkConditions: []*network.Conditions{{Offline: true, DownloadThroughput: -1, UploadThroughput: -1}}}); err != nil {
		t.Fatalf("starting Chromium: %v", err)
	}
	return ctx
}
