package rules

import (
	"fmt"
	"maps"
	"slices"
	"testing"
)

// ban says that no package of the tree from may use a package of the tree to, directly or through others. Layers say
// which direct imports are allowed; bans hold what must not be linked at all.
type ban struct {
	from   string
	to     string
	direct bool // only its own import lines count, not what those packages use in turn
	why    string
}

// bans are the promises about what a program can't do, because it does not link it.
var bans = []ban{
	{from: "zapis/store", to: "zapis/crypto/seal",
		why: "the store must be unable to read what it keeps"},
	{from: "zapis/store", to: "filippo.io/age",
		why: "the store must be unable to read what it keeps, by our own code or by age's"},
	{from: "zapis/web", to: "zapis/crypto/seal", direct: true,
		why: "pages speak to intake only: what is sealed, and to whom, is not decided in a handler"},
	{from: "zapis/internal/trustee/casefile", to: "zapis/internal/trustee/vault",
		why: "whom a case may reach is a rule over plain data, tried without a vault"},
	{from: "zapis/internal/trustee/export", to: "zapis/internal/trustee/vault",
		why: "a format is made of plain data: it can't open what was not opened for it"},
	{from: "zapis/internal/trustee/letter", to: "zapis/internal/trustee/vault",
		why: "a letter is made of plain data: it can't open what was not opened for it"},
	{from: "zapis/cmd/zapis", to: "net/http",
		why: "the trustee's laptop stays offline, and so does the tool"},
	{from: "zapis/cmd/zapis-verify", to: "net/http",
		why: "a checker that calls home tells somebody what is being checked"},
	{from: "zapis/cmd/zapis-verify", to: "go.etcd.io/bbolt",
		why: "what travels is flat: a database that was received is never opened"},
	{from: "zapis/cmd/zapis", to: "github.com/tetratelabs/wazero",
		why: "a compiler that makes memory executable, and links net, belongs to the desk's media worker"},
	{from: "zapis/cmd/zapis-verify", to: "github.com/tetratelabs/wazero",
		why: "a compiler that makes memory executable, and links net, belongs to the desk's media worker"},
	{from: "zapis/cmd/zapisd", to: "github.com/tetratelabs/wazero",
		why: "the server decodes no file that it was sent"},
	{from: "zapis", to: "github.com/ebitengine/purego",
		why: "no library of the system's is loaded into a process that decodes a stranger's file: build with -tags nodynamic"},
	{from: "zapis/crypto", to: "net/http",
		why: "formats stand alone: no network"},
	{from: "zapis/crypto", to: "go.etcd.io/bbolt",
		why: "formats stand alone: no disk"},
}

func TestImports(t *testing.T) {
	for _, broken := range violations(packages(t), bans) {
		t.Error(broken)
	}
}

// violations lists, sorted, each place where one of ours breaks a ban, with the ban's reason.
func violations(all map[string]*pkg, bans []ban) []string {
	var broken []string
	own := ours(all)
	for _, b := range bans {
		for _, path := range slices.Sorted(maps.Keys(own)) {
			if !within(path, b.from) {
				continue
			}
			used, how := own[path].Deps, "links"
			if b.direct {
				used, how = own[path].Imports, "imports"
			}
			for _, dep := range used {
				if within(dep, b.to) && dep != path {
					broken = append(broken, fmt.Sprintf("%s %s %s: %s", path, how, dep, b.why))
				}
			}
		}
	}
	return broken
}

func TestNothingImportsPrograms(t *testing.T) {
	own := ours(packages(t))
	for _, path := range slices.Sorted(maps.Keys(own)) {
		if within(path, "zapis/cmd") {
			continue
		}
		for _, dep := range own[path].Imports {
			if within(dep, "zapis/cmd") {
				t.Errorf("%s imports %s: programs wire the rooms together; no room knows a program", path, dep)
			}
		}
	}
}

// The rules themselves are tried on a house that breaks each of them: a rule that can't fail holds nothing.
func TestEveryBanCanFail(t *testing.T) {
	for _, b := range bans {
		target := b.to
		if target == module {
			target = "zapis/crypto/card"
		}
		house := map[string]*pkg{
			b.from: {ImportPath: b.from, Imports: []string{target}, Deps: []string{target}},
		}
		if got := violations(house, []ban{b}); len(got) != 1 {
			t.Errorf("%s -> %s: %d violations found, want 1", b.from, b.to, len(got))
		}
	}
}
