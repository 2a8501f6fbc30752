package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// axe is the accessibility checker, fetched once for all tests.
var axe once[string]

// axeSource fetches the accessibility checker, of the version and the hash that axe/package-lock.json names.
func axeSource(t *testing.T) string {
	t.Helper()
	return axe.get(t, func() string {
		dir := t.TempDir()
		for _, name := range []string{"package.json", "package-lock.json"} {
			writeFile(t, filepath.Join(dir, name), string(readFile(t, filepath.Join("axe", name))))
		}
		cmd := exec.CommandContext(t.Context(), "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("npm ci: %v\n%s", err, out)
		}
		return string(readFile(t, filepath.Join(dir, "node_modules", "axe-core", "axe.min.js")))
	})
}

// ourWorld is where the tests' own scripts run: an isolated world in the same document, under the page's policy, which
// allows the page itself no script.
const ourWorld = "tests"

// onPages is what the tests' scripts find in their world.
const onPages = `
globalThis.shifts = [];
new PerformanceObserver(list => { for (const e of list.getEntries()) shifts.push(e.value) }).observe({type: 'layout-shift', buffered: true});

globalThis.unfold = () => document.querySelectorAll('details').forEach(d => d.open = true);

globalThis.findings = async options => {
  const found = await axe.run(document, Object.assign({resultTypes: ['violations']}, options));
  if (found.passes.length + found.violations.length == 0) return ['axe looked at nothing'];
  return found.violations.flatMap(v => v.nodes.map(n => v.id + ': ' + v.help + ' ' + n.html.slice(0, 150) + ' ' +
    n.any.concat(n.all, n.none).map(c => c.message).join('; ')));
};

// What sticks out on the right, but for what is out of sight on purpose.
globalThis.tooWide = () => {
  const wide = document.documentElement.clientWidth;
  const out = [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > wide + 0.5 && !e.closest('.skip, .vh, pre'))
    .map(e => e.tagName + ' ' + e.id + ' ' + Math.round(e.getBoundingClientRect().right));
  if (document.scrollingElement.scrollWidth > wide) out.push('the page scrolls to ' + document.scrollingElement.scrollWidth + ' of ' + wide);
  return out;
};

// What does not fit into its own box: a code's group in its field, a word in its button, the button of a file field. Of lists,
// and of what somebody typed, browsers show what fits.
globalThis.cutOff = () => [...document.querySelectorAll('main *, header *, aside *')].filter(e => {
  if (!e.checkVisibility() || e.closest('.vh, .skip, pre, select, textarea, input:not(.groups input, [type=file])') || getComputedStyle(e).display === 'inline') return false;
  return e.scrollWidth > e.clientWidth + 1;
}).map(e => e.tagName + ' ' + e.id + ' ' + e.textContent.trim().slice(0, 40) + ' needs ' + e.scrollWidth + ' of ' + e.clientWidth);

// Each link to an error leads to where its message can be read: below the bar, and on the screen. Where text is enlarged, the
// longest messages are higher than that; then the field is as low as it may be, and the end of the message is above it.
globalThis.hiddenErrors = large => [...document.querySelectorAll('.errors a')].filter(a => {
  const to = document.getElementById(a.hash.slice(1)), bar = document.querySelector('.bar').getBoundingClientRect().bottom;
  to.scrollIntoView({behavior: 'instant'});
  const before = [...document.querySelectorAll('.wrong')].filter(e => to.compareDocumentPosition(e) & Node.DOCUMENT_POSITION_PRECEDING);
  const wrong = before[before.length - 1].getBoundingClientRect(), field = to.getBoundingClientRect().top;
  if (large && field > 0.7 * innerHeight && field < 0.8 * innerHeight && wrong.bottom > bar + 200) return false;
  return wrong.top < bar || wrong.bottom > innerHeight || field > innerHeight;
}).map(a => 'the link to ' + a.hash + ' does not show its error');

// All of these with text of twice the size, as people have it who see little, and codes typed in.
globalThis.enlarged = () => {
  const boxes = [...document.querySelectorAll('.groups input')], typed = boxes.map(e => e.value), root = document.documentElement.style;
  root.fontSize = '200%';
  boxes.forEach(e => e.value = '8888');
  const found = tooWide().concat(cutOff(), hiddenErrors(true));
  boxes.forEach((e, i) => e.value = typed[i]);
  root.fontSize = '';
  return found;
};

// What a keyboard has to reach, in the order in which it is read. Of a group of radio buttons it reaches the chosen one, or the first.
globalThis.walk = () => {
  const groups = new Set(), chosen = e => [...document.getElementsByName(e.name)].some(o => o.checked && o.form === e.form);
  globalThis.stops = [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')].filter(e => {
    if (e.disabled || e.type === 'hidden' || !e.checkVisibility()) return false;
    if (e.type !== 'radio') return true;
    const key = e.name + ' ' + [...document.forms].indexOf(e.form);
    if (chosen(e)) return e.checked;
    return !groups.has(key) && groups.add(key);
  });
  globalThis.walked = [];
  globalThis.faults = [];
  document.addEventListener('focusin', ({target: e}) => {
    const name = e.tagName + ' ' + (e.name || e.id || e.textContent.trim().slice(0, 30)) + ' ' + (e.value || '').slice(0, 20);
    const i = stops.indexOf(e);
    if (i < 0) faults.push('the keyboard stops at ' + name + ', which nobody expects');
    if (walked.length > 0 && i <= walked[walked.length - 1]) faults.push('after number ' + walked[walked.length - 1] + ' comes number ' + i + ': ' + name);
    walked.push(i);
    const style = getComputedStyle(e), box = e.getBoundingClientRect(), bar = document.querySelector('.bar').getBoundingClientRect();
    if (style.outlineStyle === 'none' || parseFloat(style.outlineWidth) < 2) faults.push('nobody sees that the keyboard is at ' + name);
    if (!e.closest('.bar') && !e.matches('.skip') && box.bottom <= bar.bottom && box.bottom > 0) faults.push('the bar hides ' + name);
  });
  return stops.length;
};
globalThis.walkedPast = () => faults.concat(stops.filter((e, i) => !walked.includes(i)).map(e => 'the keyboard does not reach ' + e.outerHTML.slice(0, 120)));
`

// looker is a Chromium with our scripts beside each page.
type looker struct {
	ctx     context.Context
	profile string // the browser's folder
	world   runtime.ExecutionContextID
}

func newLooker(t *testing.T, scripts ...string) *looker {
	t.Helper()
	profile := t.TempDir()
	ctx, _ := chromiumIn(t, profile)
	l := &looker{ctx: ctx, profile: profile}
	if _, err := chromeCall(l.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
		Source: strings.Join(scripts, "\n;\n"), WorldName: ourWorld,
	}); err != nil {
		t.Fatalf("starting Chromium: %v", err)
	}
	return l
}

// open goes to a page, and into our world beside it.
func (l *looker) open(t *testing.T, where string) {
	t.Helper()
	if err := chrome(l.ctx, chromedp.Navigate(where)); err != nil {
		t.Fatalf("%s: %v", where, err)
	}
	l.enter(t)
}

// openCut goes to a page that comes in two parts (replayCut): more is called once the first has been painted.
func (l *looker) openCut(t *testing.T, where string, more func()) {
	t.Helper()
	if _, err := chromeCall(l.ctx, page.Navigate, page.NavigateParams{URL: where}); err != nil {
		t.Fatalf("%s: %v", where, err)
	}
	l.enter(t)
	evaluate[any](t, l, `new Promise(r => new PerformanceObserver(() => r()).observe({type: 'paint', buffered: true}))`)
	more()
	evaluate[any](t, l, `new Promise(r => document.readyState === 'complete' ? r() : addEventListener('load', () => r()))`)
}

// enter goes into our world beside the page that is open.
func (l *looker) enter(t *testing.T) {
	t.Helper()
	tree, err := chromeCall(l.ctx, page.GetFrameTree, cdp.Empty{})
	if err != nil {
		t.Fatal(err)
	}
	world, err := chromeCall(l.ctx, page.CreateIsolatedWorld, page.CreateIsolatedWorldParams{
		FrameID: tree.FrameTree.Frame.ID, WorldName: ourWorld,
	})
	if err != nil {
		t.Fatal(err)
	}
	l.world = world.ExecutionContextID
}

// evaluate runs a script in our world.
func evaluate[T any](t *testing.T, l *looker, script string) T {
	t.Helper()
	got, err := chromeRead(l.ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise, func(p *runtime.EvaluateParams) { p.ContextID = l.world }))
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	return got
}

// tab presses the key so many times.
func (l *looker) tab(t *testing.T, times int) {
	t.Helper()
	for range times {
		if err := chrome(l.ctx, chromedp.KeyEvent(kb.Tab)); err != nil {
			t.Fatal(err)
		}
	}
}

// scheme has pages come light or dark.
func (l *looker) scheme(t *testing.T, name string) {
	t.Helper()
	if _, err := chromeCall(l.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}, {Name: "prefers-reduced-motion", Value: "reduce"}},
	}); err != nil {
		t.Fatal(err)
	}
}

// width has pages come on a screen that wide.
func (l *looker) width(t *testing.T, pixels int64) {
	t.Helper()
	if err := chrome(l.ctx, chromedp.EmulateViewport(pixels, 800)); err != nil {
		t.Fatal(err)
	}
}

// screen has pages come on a screen of that name.
func (l *looker) screen(t *testing.T, name string) {
	t.Helper()
	size := screens[name]
	if _, err := chromeCall(l.ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: int64(size[0]), Height: int64(size[1]), DeviceScaleFactor: size[2]}); err != nil {
		t.Fatal(err)
	}
}

// moves returns the layout shifts since the page that is open was begun.
func (l *looker) moves(t *testing.T) []float64 {
	t.Helper()
	return evaluate[[]float64](t, l, `new Promise(r => requestAnimationFrame(() => requestAnimationFrame(() => r(shifts))))`)
}

// exitLink is the end of the start tag of the link that leaves the page, which stands at the right and has its words after it.
const exitLink = `aria-describedby="exit-note">`

// Every page, in every language, on the narrowest screen, folded and unfolded, and with text of twice the size: nothing sticks
// out or is cut off, and nothing moves while it is loaded, not even where the page comes to a halt before the words of the link
// that leaves it, or between the fields of a code. axe-core then reads the pages in English, in both colour schemes: the others
// have the same elements and colours.
func TestEveryPageIsForEverybody(t *testing.T) {
	t.Parallel()
	pages := everyPage(t)
	at := replay(t, pages)
	l := newLooker(t, axeSource(t), onPages)
	l.width(t, 320)
	for i, p := range pages {
		complain := func(what string, found []string) {
			t.Helper()
			for _, f := range found {
				t.Errorf("%s, %s: %s", p, what, f)
			}
		}
		l.scheme(t, "light")
		l.open(t, fmt.Sprintf("%s/%d", at, i))
		complain("unfolded by nobody", evaluate[[]string](t, l, `tooWide()`))
		if moved := l.moves(t); len(moved) > 0 {
			t.Errorf("%s moves while it is loaded: %v", p, moved)
		}
		evaluate[any](t, l, `unfold()`)
		complain("unfolded", evaluate[[]string](t, l, `tooWide()`))
		complain("error links", evaluate[[]string](t, l, `hiddenErrors()`))
		complain("with text of twice the size", evaluate[[]string](t, l, `enlarged()`))
		if p.lang != "en" {
			complain("language", evaluate[[]string](t, l, `findings({runOnly: ['html-has-lang', 'html-lang-valid', 'valid-lang', 'document-title']})`))
			continue
		}
		complain("light", evaluate[[]string](t, l, `findings({rules: {'target-size': {enabled: true}}})`))
		l.scheme(t, "dark")
		complain("dark", evaluate[[]string](t, l, `findings({runOnly: ['color-contrast', 'link-in-text-block']})`))
	}
	// Where a page comes to a halt: the shortest page, since all have their beginning in common, and the fields of a code.
	halts := map[string]string{"method": exitLink, "asked in groups": `<input id="code-3"`}
	for _, p := range pages {
		words, halted := halts[p.name]
		if !halted {
			continue
		}
		where, more := replayCut(t, p, words)
		l.openCut(t, where, more)
		if moved := l.moves(t); len(moved) > 0 {
			t.Errorf("%s, which comes to a halt after %s, moves: %v", p, words, moved)
		}
	}
}

// By keyboard alone every page is walked from its start to its end, in the order of reading; what has the focus shows it.
func TestEveryPageByKeyboard(t *testing.T) {
	t.Parallel()
	var english []shot
	for _, p := range everyPage(t) {
		if p.lang == "en" {
			english = append(english, p)
		}
	}
	at := replay(t, english)
	l := newLooker(t, onPages)
	l.width(t, 360)
	for i, p := range english {
		l.open(t, fmt.Sprintf("%s/%d", at, i))
		evaluate[any](t, l, `unfold()`)
		stops := evaluate[int](t, l, `walk()`)
		if stops < 8 {
			t.Errorf("%s: only %d stops", p, stops)
		}
		l.tab(t, stops)
		// A date has stops within it that have no announcement.
		for past := 0; past < 12 && evaluate[int](t, l, `walked.length`) < stops; past++ {
			l.tab(t, 1)
		}
		for _, f := range evaluate[[]string](t, l, `walkedPast()`) {
			t.Errorf("%s: %s", p, f)
		}
	}
}

// The tests above find what they look for.
func TestLookingFinds(t *testing.T) {
	t.Parallel()
	broken := shot{name: "broken", lang: "en", status: 200, header: map[string][]string{"Content-Type": {"text/html"}}, body: []byte(
		`<!DOCTYPE html><html><head><title>x</title><style>p{color:#aaa;width:700px}@media(prefers-color-scheme:dark){b{color:#222}body{background:#111}}
a{outline:0}.bar{position:fixed;top:0;height:2px}</style></head><body><div class="bar"></div><main><h1>x</h1><p>pale</p><b>dark</b><input>
<div class="groups"><input id="code" aria-label="code" style="width:1rem;font-size:1rem"></div>
<a href="#x" tabindex="-1">not reached</a><a href="#y" tabindex="2">early</a></main></body></html>`)}
	at := replay(t, []shot{broken})
	l := newLooker(t, axeSource(t), onPages)
	l.width(t, 320)
	l.scheme(t, "light")
	l.open(t, at+"/0")
	expect := func(what string, found []string, words ...string) {
		t.Helper()
		for _, w := range words {
			if !strings.Contains(strings.Join(found, "\n"), w) {
				t.Errorf("%s: %q is not among\n%s", what, w, strings.Join(found, "\n"))
			}
		}
	}
	expect("width", evaluate[[]string](t, l, `tooWide()`), "P  ", "the page scrolls to")
	expect("twice the size", evaluate[[]string](t, l, `enlarged()`), "INPUT code  needs ")
	expect("light", evaluate[[]string](t, l, `findings({})`), "color-contrast", "label: ", "html-has-lang", "tabindex")
	l.scheme(t, "dark")
	expect("dark", evaluate[[]string](t, l, `findings({runOnly: ['color-contrast']})`), "<b>dark</b>")
	l.tab(t, evaluate[int](t, l, `walk()`))
	expect("keyboard", evaluate[[]string](t, l, `walkedPast()`), "does not reach <a href=\"#x\"", "after number", "nobody sees")
	where, more := replayCut(t, shot{name: "moving", lang: "en", header: broken.header, body: []byte(`<!DOCTYPE html><html><body style="background:#eee">
<div style="text-align:right"><button>leave this page</button></div></body></html>`)}, "<button>")
	l.openCut(t, where, more)
	if moved := l.moves(t); len(moved) == 0 {
		t.Error("a button that moves while the page is loaded was not seen to move")
	}
}

// What is fetched is pinned by its hash, and from no registry in particular.
func TestAxeIsPinned(t *testing.T) {
	lock, err := os.ReadFile(filepath.Join("axe", "package-lock.json"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(lock), `"integrity": "sha512-`) || strings.Contains(string(lock), "http") {
		t.Errorf("the lock file:\n%s", lock)
	}
}
