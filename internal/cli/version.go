package cli

import "runtime/debug"

// Version is what a custody event or a bundle calls the tool that wrote it: the module's version from
// the build, `devel` for one built from a working tree.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "devel"
	}
	return info.Main.Version
}
