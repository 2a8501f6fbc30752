package desk

import (
	"path"
	"strings"
)

// privateWindows are the options with which browsers open a private window: one that keeps no addresses and no text that was
// typed and not sent. The first one that is installed is taken where the system names none as its own.
var privateWindows = []struct{ program, option string }{
	{"firefox", "--private-window"}, {"firefox-esr", "--private-window"}, {"librewolf", "--private-window"},
	{"chromium", "--incognito"}, {"chromium-browser", "--incognito"}, {"google-chrome", "--incognito"}, {"google-chrome-stable", "--incognito"},
	{"brave-browser", "--incognito"}, {"vivaldi", "--incognito"}, {"microsoft-edge", "--inprivate"},
}

// BrowserCommand is the command that opens an address in the system's browser, in a private window where that is known.
// system is Go's name of it; installed reports whether a program is there; own is what `xdg-settings get
// default-web-browser` prints on Linux, as in "firefox.desktop", and may be empty.
func BrowserCommand(system, address, own string, installed func(program string) bool) (command []string, private bool) {
	switch system {
	case "darwin":
		return []string{"open", address}, false
	case "windows":
		return []string{"rundll32", "url.dll,FileProtocolHandler", address}, false
	}
	own = strings.TrimSuffix(path.Base(strings.TrimSpace(own)), ".desktop")
	first := ""
	for _, b := range privateWindows {
		switch {
		case !installed(b.program):
		case b.program == own:
			return []string{b.program, b.option, address}, true
		case first == "":
			first = b.program
			command = []string{b.program, b.option, address}
		}
	}
	if first != "" {
		return command, true
	}
	return []string{"xdg-open", address}, false
}
