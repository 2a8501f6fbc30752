package desk

import (
	"slices"
	"strings"
	"testing"
)

// The system's own browser is taken where it is known, else one that is installed; each in a private window.
func TestABrowserOpensAPrivateWindow(t *testing.T) {
	for _, c := range []struct{ system, own, installed, want string }{
		{"linux", "firefox-esr.desktop\n", "chromium firefox-esr", "firefox-esr --private-window A"},
		{"linux", "chromium.desktop\n", "firefox chromium", "chromium --incognito A"},
		{"linux", "org.gnome.Epiphany.desktop", "chromium", "chromium --incognito A"},
		{"freebsd", "", "google-chrome firefox", "firefox --private-window A"},
		{"linux", "microsoft-edge.desktop", "microsoft-edge", "microsoft-edge --inprivate A"},
		{"linux", "firefox.desktop", "", "xdg-open A"},
		{"darwin", "", "firefox", "open A"},
		{"windows", "", "firefox", "rundll32 url.dll,FileProtocolHandler A"},
	} {
		there := strings.Fields(c.installed)
		got, private := BrowserCommand(c.system, "A", c.own, func(p string) bool { return slices.Contains(there, p) })
		if strings.Join(got, " ") != c.want || private != strings.Contains(c.want, "--") {
			t.Errorf("%+v: %q, %v", c, got, private)
		}
	}
}
