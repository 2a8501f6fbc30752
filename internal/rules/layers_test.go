package rules

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// layer says what the packages of one tree may import directly from this module. Whatever is not listed is refused, so
// a new package needs a line here, and its author has to say where it belongs.
type layer struct {
	tree string   // a package and all below it; the longest tree that fits a package counts
	may  []string // trees of this module that it may import, beside packages of its own tree
	why  string
}

// formats are the packages that read and write bytes and nothing else: every layer above may use them.
var formats = []string{"crypto", "internal/exit"}

// layers go from the bottom to the top. docs/architecture.md draws them.
var layers = []layer{
	{"internal/exit", nil, "every package attaches exit statuses, so it stands on none of them"},
	{"internal/incident", []string{"crypto/canonical"}, "what a reporter is asked depends on the encoding of a committed value, and on nothing else of ours"},
	{"internal/sandbox", nil, "it changes the process and knows nothing of its work"},
	{"internal/peer", nil, "who is at the other end of a connection, whatever it carries"},
	{"internal/localefile", nil, "sentences by key, whatever they say and wherever they are shown"},
	{"internal/atomicfile", []string{"internal/exit"}, "files and folders, without their contents' meaning"},
	{"internal/freememory", nil, "it changes the process and knows nothing of its work"},
	{"crypto", nil, "formats stand alone: bytes in, bytes out"},
	{"store", append([]string{"internal/atomicfile"}, formats...), "the ledger on disk can't read what it keeps"},
	{"internal/carry", formats, "what travels between server and trustee is a format both know"},
	{"internal/escape", nil, "text made safe to show, wherever it is shown"},
	{"internal/cli", append([]string{"internal/atomicfile", "internal/escape"}, formats...), "the terminal, without the domain"},

	{"internal/server", append([]string{"store", "internal/carry", "internal/atomicfile", "internal/incident", "internal/evidence/filekind"}, formats...),
		"the server's side never links a trustee's"},
	{"web", append([]string{"internal/freememory", "internal/incident", "internal/localefile", "internal/server/intake", "internal/server/keylock"}, formats...), "pages speak to intake only (keylock holds mutexes by key and no data): a handler's mistake must not reach the ledger"},

	{"internal/evidence", append([]string{"internal/incident", "internal/atomicfile"}, formats...),
		"what a third party checks links nothing of a trustee's tool"},
	{"internal/trustee", append([]string{"internal/evidence", "internal/carry", "internal/incident", "internal/localefile", "internal/atomicfile", "internal/escape", "internal/sandbox", "internal/peer"}, formats...),
		"the trustee's side never links the server's"},
	{"internal/trustee/media", []string{"internal/evidence/filekind", "internal/evidence/metadata", "internal/sandbox", "internal/escape"},
		"the worker that decodes strangers' files links nothing that opens evidence"},
	{"internal/desk", append([]string{"internal/trustee", "internal/evidence", "internal/carry", "internal/incident", "internal/atomicfile", "internal/cli", "internal/escape", "internal/freememory", "internal/peer"}, formats...),
		"the desk's pages decide nothing: they call what cmd/zapis calls"},

	{"internal/duty", append([]string{"internal/atomicfile"}, formats...), "somebody on duty links nothing that opens a report"},
	{"cmd/zapis-duty", append([]string{"internal/duty", "internal/cli", "internal/escape", "internal/sandbox"}, formats...), "flags and printing for somebody on duty"},

	{"cmd/zapisd", append([]string{"store", "web", "internal/server", "internal/carry", "internal/cli", "internal/escape", "internal/incident", "internal/atomicfile", "internal/sandbox"}, formats...),
		"the server's program never links a trustee's packages"},
	{"cmd/zapis", append([]string{"internal/trustee", "internal/evidence", "internal/carry", "internal/cli", "internal/escape", "internal/incident", "internal/atomicfile", "internal/sandbox"}, formats...),
		"the trustee's program never links the server's packages"},
	{"cmd/zapis-desk", append([]string{"internal/desk", "internal/trustee", "internal/cli", "internal/escape", "internal/sandbox", "internal/atomicfile"}, formats...),
		"the desk's program parses flags and starts the pages"},
	{"cmd/zapis-verify", append([]string{"internal/evidence/bundle", "internal/evidence/custody", "internal/cli", "internal/escape", "internal/incident", "internal/atomicfile", "internal/sandbox"}, formats...),
		"the checker links formats and bundles only"},

	{"internal/bench", []string{"crypto", "store", "web", "internal"}, "benchmarks measure all of it"},
	{"internal/dist", append([]string{"internal/cli", "internal/escape"}, formats...), "it builds a release out of finished programs"},
	{"internal/attack", []string{"crypto", "store", "web", "internal"}, "tests only"},
	{"internal/e2e", []string{"crypto", "store", "web", "internal"}, "tests only"},
	{"internal/rules", nil, "tests only"},
}

// testSupport reports whether a package only serves tests: its last folder ends in "test". Such a package may import
// anything, and only tests and other such packages may import it.
func testSupport(path string) bool { return strings.HasSuffix(path, "test") }

// layerOf returns the layer with the longest tree that holds the package.
func layerOf(path string) (found layer, ok bool) {
	for _, l := range layers {
		if within(path, module+"/"+l.tree) && len(l.tree) > len(found.tree) {
			found, ok = l, true
		}
	}
	return found, ok
}

// crossings lists the direct imports that no layer allows, sorted.
func crossings(own map[string]*pkg) []string {
	var found []string
	for _, path := range slices.Sorted(maps.Keys(own)) {
		if testSupport(path) {
			continue
		}
		l, ok := layerOf(path)
		if !ok {
			found = append(found, fmt.Sprintf("%s belongs to no layer: add it to layers, with the reason", path))
			continue
		}
		for _, dep := range own[path].Imports {
			switch {
			case !within(dep, module):
			case testSupport(dep):
				found = append(found, fmt.Sprintf("%s imports %s, which serves tests only", path, dep))
			case within(dep, module+"/"+l.tree), slices.ContainsFunc(l.may, func(tree string) bool { return within(dep, module+"/"+tree) }):
			default:
				found = append(found, fmt.Sprintf("%s imports %s, which %s may not: %s", path, dep, l.tree, l.why))
			}
		}
	}
	return found
}

func TestEveryImportIsAllowedByALayer(t *testing.T) {
	for _, c := range crossings(ours(packages(t))) {
		t.Error(c)
	}
}

func TestEveryLayerHasPackages(t *testing.T) {
	own := ours(packages(t))
	for _, l := range layers {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(own)), func(path string) bool { return within(path, module+"/"+l.tree) }) {
			t.Errorf("the layer %s has no package", l.tree)
		}
		if l.why == "" {
			t.Errorf("the layer %s has no reason", l.tree)
		}
	}
}

// The rule itself is tested: a rule that can't fail is useless.
func TestLayersRefuseWhatIsNotListed(t *testing.T) {
	for _, c := range []struct {
		from, to string
		allowed  bool
	}{
		{"zapis/store", "zapis/crypto/ledger", true},
		{"zapis/store", "zapis/web", false},
		{"zapis/store/bolt", "zapis/store/kv", true},
		{"zapis/web", "zapis/store", false},
		{"zapis/web", "zapis/internal/server/intake", true},
		{"zapis/web", "zapis/internal/server/publish", false},
		{"zapis/internal/evidence/bundle", "zapis/internal/trustee/vault", false},
		{"zapis/internal/trustee/casework", "zapis/internal/server/intake", false},
		{"zapis/cmd/zapis", "zapis/store", false},
		{"zapis/cmd/zapis", "zapis/internal/trustee/vault/vaulttest", false},
		{"zapis/internal/trustee/vault/vaulttest", "zapis/store", true},
		{"zapis/internal/new", "zapis/crypto/card", false},
	} {
		house := map[string]*pkg{c.from: {ImportPath: c.from, Imports: []string{"fmt", c.to}}}
		if got := crossings(house); len(got) == 0 != c.allowed {
			t.Errorf("%s -> %s: %v, want allowed %v", c.from, c.to, got, c.allowed)
		}
	}
}
