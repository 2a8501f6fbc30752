package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// The page is opened from a file, with the network off, and judges the
// published bundles as zapis-verify does.
func TestPage(t *testing.T) {
	page, err := build()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes", len(page))
	if again, err := build(); err != nil || !bytes.Equal(again, page) {
		t.Errorf("built again it has other bytes (%v)", err)
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
	card, err := os.ReadFile(filepath.Join(vectors, "ledger-card.txt"))
	if err != nil {
		t.Fatal(err)
	}
	anchored, err := os.ReadFile(filepath.Join(vectors, "anchored", "ledger-card.txt"))
	if err != nil {
		t.Fatal(err)
	}
	root, err := os.ReadFile(filepath.Join(vectors, "anchored", "root.pem"))
	if err != nil {
		t.Fatal(err)
	}
	ctx := offline(t)
	if err := chromedp.Do(ctx, chromedp.Navigate("file://"+name), chromedp.WaitEnabled(chromedp.CSS("#go"))); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ file, card, first, has string }{
		{"bundle.zip", "", "internally consistent; whose ledger this is was NOT proved", "intact since received"},
		{"bundle.zip", string(card), "consistent, and of a ledger that you trust", "This is the ledger that you trust"},
		{"waiting.zip", string(card), "consistent, and of a ledger that you trust", "not yet; promised for slot"},
		{"must-fail/account.zip", string(card), "does NOT verify", "does not say what the disclosed lines and the ledger say"},
		{"anchored/bundle.zip", string(anchored) + "\n" + string(root), "consistent, and of a ledger that you trust", "was put at its place in the ledger between two times"},
		{"anchored/bundle.zip", string(root), "internally consistent; whose ledger this is was NOT proved", "was put at its place in the ledger between two times"},
		{"receipt", "", "does NOT verify", "does not end with the end of a central directory"},
	} {
		setCard(t, ctx, tt.card)
		if err := chromedp.Do(ctx,
			chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{filepath.Join(vectors, filepath.FromSlash(tt.file))}),
			chromedp.Click(chromedp.CSS("#go")),
			chromedp.WaitVisible(chromedp.CSS("#first")),
		); err != nil {
			t.Fatalf("%s: %v", tt.file, err)
		}
		first, lists := text(t, ctx, "#first"), text(t, ctx, "#lists")
		if first != tt.first || !strings.Contains(lists, tt.has) {
			t.Errorf("%s: %q\n%s", tt.file, first, lists)
		}
	}
	setCard(t, ctx, "zapis-ledger+x")
	if err := chromedp.Do(ctx, chromedp.Click(chromedp.CSS("#go"))); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool](`document.getElementById("state").textContent.startsWith("Not checked")`)); err != nil {
		t.Fatal(err)
	}
	state := text(t, ctx, "#state")
	if state != "Not checked: ledger card: it is written zapis-ledger+ORIGIN+HEX" {
		t.Error(state)
	}
}

func setCard(t *testing.T, ctx context.Context, card string) {
	t.Helper()
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[string](fmt.Sprintf(`document.getElementById("card").value = %q`, card))); err != nil {
		t.Fatal(err)
	}
}

func text(t *testing.T, ctx context.Context, selector string) string {
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
