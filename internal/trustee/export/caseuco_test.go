package export

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"zapis/internal/trustee/casefile"
)

// terms are those of CASE 1.4 and UCO 1.4 that the graph uses, taken out of the ontologies' own files.
func terms(t *testing.T) map[string]string {
	text, err := os.ReadFile("testdata/terms.tsv")
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string]string)
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n")[1:] {
		term, kind, _ := strings.Cut(line, "\t")
		out[term] = kind
	}
	if len(out) < 20 {
		t.Fatalf("%d terms: this test would pass whatever is written", len(out))
	}
	return out
}

var uuidURN = regexp.MustCompile(`^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// walker visits a JSON-LD graph.
type walker struct {
	t       *testing.T
	terms   map[string]string
	defined map[string]string // identifier -> class
	refs    []string
}

func (w *walker) object(o map[string]any) {
	if value, literal := o["@value"]; literal {
		if len(o) != 2 || !strings.HasPrefix(o["@type"].(string), "xsd:") || value == "" {
			w.t.Errorf("no literal: %v", o)
		}
		return
	}
	id, _ := o["@id"].(string)
	if !uuidURN.MatchString(id) {
		w.t.Errorf("an object without an identifier of version 5: %v", o)
	}
	if len(o) == 1 {
		w.refs = append(w.refs, id)
		return
	}
	class, _ := o["@type"].(string)
	if w.terms[class] != "class" {
		w.t.Errorf("%q is no class of the ontology", class)
	}
	if before, twice := w.defined[id]; twice {
		w.t.Errorf("%s is both a %s and a %s", id, before, class)
	}
	w.defined[id] = class
	for key, value := range o {
		if strings.HasPrefix(key, "@") {
			continue
		}
		kind := w.terms[key]
		if kind != "object" && kind != "data" {
			w.t.Errorf("%q is no property of the ontology", key)
		}
		w.value(key, kind, value)
	}
}

func (w *walker) value(key, kind string, value any) {
	switch v := value.(type) {
	case []any:
		if len(v) == 0 {
			w.t.Errorf("%s is an empty list", key)
		}
		for _, one := range v {
			w.value(key, kind, one)
		}
	case map[string]any:
		if _, literal := v["@value"]; literal == (kind == "object") {
			w.t.Errorf("%s: %v", key, v)
		}
		w.object(v)
	default:
		if kind == "object" || v == nil || v == "" {
			w.t.Errorf("%s is %v", key, v)
		}
	}
}

func TestGraph(t *testing.T) {
	for _, identity := range []bool{false, true} {
		var doc struct {
			Context map[string]string `json:"@context"`
			Graph   []map[string]any  `json:"@graph"`
		}
		if err := json.Unmarshal(write(t, CaseUCO, "court", identity, sample()).Text, &doc); err != nil {
			t.Fatal(err)
		}
		w := &walker{t: t, terms: terms(t), defined: make(map[string]string)}
		for term := range w.terms {
			if prefix, _, _ := strings.Cut(term, ":"); !strings.HasPrefix(doc.Context[prefix], "https://ontology.") {
				t.Errorf("the context does not say what %s is", prefix)
			}
		}
		for _, o := range doc.Graph {
			w.object(o)
		}
		for _, id := range w.refs {
			if w.defined[id] == "" {
				t.Errorf("%s is named, and is nowhere", id)
			}
		}
		count := make(map[string]int)
		for _, class := range w.defined {
			count[class]++
		}
		files := 1
		if identity {
			files = 2
		}
		for class, want := range map[string]int{"case-investigation:Investigation": 1, "case-investigation:ProvenanceRecord": 3,
			"case-investigation:InvestigativeAction": 5, "uco-observable:File": files, "uco-observable:FileFacet": files,
			"uco-observable:ContentDataFacet": 5 + files, "uco-types:Hash": 5 + files, "uco-tool:Tool": 1, "uco-identity:Identity": 1} {
			if count[class] != want {
				t.Errorf("identity %v: %d of %s, want %d", identity, count[class], class, want)
			}
		}
		for _, o := range doc.Graph {
			if o["@type"] == "case-investigation:Investigation" && len(o["uco-core:object"].([]any)) != len(doc.Graph)-1 {
				t.Errorf("the investigation holds %d of %d", len(o["uco-core:object"].([]any)), len(doc.Graph)-1)
			}
		}
	}
}

func TestIdentifiers(t *testing.T) {
	// RFC 9562, appendix A.4, with the name's own namespace.
	dns := namespaceURL
	dns[3] = 0x10
	if got := urn(uuid5(dns, "www.example.com")); got != "urn:uuid:2ed6657d-e927-568b-95e1-2665a8aea6a2" {
		t.Errorf("%s", got)
	}
	a, b := sample(), sample()
	b.Ledger = "zapis-ledger+other.example/ledger+" + hex64("6")
	if strings.Contains(string(write(t, CaseUCO, "lawyer", false, a).Text), urn(uuid5(uuid5(uuid5(namespaceURL, b.Ledger), b.ID), "investigation"))) {
		t.Error("two ledgers share an identifier")
	}
	if text := write(t, CaseUCO, "lawyer", false, casefile.Case{ID: "c0"}).Text; !json.Valid(text) {
		t.Error("an empty case is no JSON")
	}
}

func TestESF(t *testing.T) {
	var f esfFile
	c := sample()
	mine := sample()
	mine.ID, mine.Submissions[0].Answers["target"] = "c1111111111", []string{"me"}
	if err := json.Unmarshal(write(t, ESF, "lawyer", true, c, mine).Text, &f); err != nil {
		t.Fatal(err)
	}
	people := make(map[string]esfPerson)
	for _, p := range f.Persons {
		people[p.Number] = p
	}
	if len(people) != 5 || people["c5f0c91ab2e-victim"].Name != "anonymous" || people["c1111111111-reporter"].Name != "Y. Z." || people["c1111111111-perpetrator"].Name != "not known" {
		t.Errorf("%+v", people)
	}
	events := map[string]bool{}
	for _, e := range f.Events {
		events[e.Number] = true
	}
	if len(f.Acts) != 4 || len(f.Involvements) != 4 || len(f.Information) != 4 || len(f.Interventions) != 2 {
		t.Errorf("%d acts, %d involvements, %d of information, %d interventions", len(f.Acts), len(f.Involvements), len(f.Information), len(f.Interventions))
	}
	for i, a := range f.Acts {
		if !events[a.Event] || people[a.Victim].Number == "" || f.Involvements[i].Act != a.Number || people[f.Involvements[i].Perpetrator].Number == "" {
			t.Errorf("%+v leads nowhere", a)
		}
	}
	for _, info := range f.Information {
		if people[info.Source].Number == "" && info.Source != "a trustee" {
			t.Errorf("%+v leads nowhere", info)
		}
	}
	if f.Acts[0].PACE != "1.2" || f.Acts[0].FreedomHouse != "co-opting other countries" || f.Information[0].Reliability != "B2" {
		t.Errorf("%+v, %+v", f.Acts[0], f.Information[0])
	}
}
