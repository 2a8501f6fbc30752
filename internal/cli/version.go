package cli

import (
	"crypto/sha256"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/alecthomas/kong"
)

// Release is the version of these sources, by Semantic Versioning 2.0.0. docs/changelog.md says what each one changed.
const Release = "1.0.0-rc1"

// commit is the revision that a release was built from, as 40 hexadecimal digits. `make dist` sets it with the linker's
// -X; it is empty in other builds.
var commit string

// Version returns what a custody event or a bundle calls the tool that wrote it: the release, with "+devel" for a build
// that `make dist` did not make.
func Version() string {
	if commit == "" {
		return Release + "+devel"
	}
	return Release
}

// versionFlag answers --version. The text is made then, and not at each start.
type versionFlag bool

// BeforeReset prints the version, and ends the parsing.
func (versionFlag) BeforeReset(app *kong.Kong) error {
	_, err := fmt.Fprintln(app.Stdout, versionText(app.Model.Name))
	app.Exit(0)
	return err
}

// versionText returns the lines of --version: program and version, commit, Go and platform, and the modules that the
// program is linked from, with the SHA-256 of their list, so that two builds can be compared.
func versionText(program string) string {
	from := commit
	if from == "" {
		from = "unknown (not a release build)"
	}
	return fmt.Sprintf("%s %s\ncommit %s\nbuilt with %s for %s/%s\nmodules %s",
		program, Version(), from, runtime.Version(), runtime.GOOS, runtime.GOARCH, moduleList())
}

// moduleList counts the modules that are linked in, and hashes their paths, versions and go.sum hashes, a line each.
func moduleList() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown (no build information)"
	}
	var list strings.Builder
	for _, m := range info.Deps {
		fmt.Fprintf(&list, "%s %s %s\n", m.Path, m.Version, m.Sum)
	}
	return fmt.Sprintf("%d, SHA-256 of their list %x", len(info.Deps), sha256.Sum256([]byte(list.String())))
}
