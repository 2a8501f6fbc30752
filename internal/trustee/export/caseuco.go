package export

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"zapis/internal/evidence/custody"
	"zapis/internal/trustee/casefile"
)

// context names the vocabularies of CASE 1.4 and UCO 1.4.
var context = map[string]any{
	"case-investigation": "https://ontology.caseontology.org/case/investigation/",
	"uco-action":         "https://ontology.unifiedcyberontology.org/uco/action/",
	"uco-core":           "https://ontology.unifiedcyberontology.org/uco/core/",
	"uco-identity":       "https://ontology.unifiedcyberontology.org/uco/identity/",
	"uco-observable":     "https://ontology.unifiedcyberontology.org/uco/observable/",
	"uco-tool":           "https://ontology.unifiedcyberontology.org/uco/tool/",
	"uco-types":          "https://ontology.unifiedcyberontology.org/uco/types/",
	"xsd":                "http://www.w3.org/2001/XMLSchema#",
}

// node is an object of the graph; its keys are written in alphabetical order.
type node map[string]any

// graph is a JSON-LD document in the making.
type graph struct {
	space  [16]byte // of the ledger and the case
	nodes  []node
	listed []any // what the investigation holds
	hashes map[string][]string
	tools  map[string]string
	people map[string]string
}

func writeCaseUCO(in Input) ([]byte, error) {
	c := in.Cases[0]
	g := &graph{space: uuid5(uuid5(namespaceURL, c.Ledger), c.ID), hashes: make(map[string][]string),
		tools: make(map[string]string), people: make(map[string]string)}
	investigation := g.add("investigation", "case-investigation:Investigation", node{
		"uco-core:name":                        c.ID,
		"uco-core:description":                 []string{"A report given through a form, and what followed it. Unsworn; unchanged since the entry was made. Ledger: " + c.Ledger},
		"case-investigation:investigationForm": "case",
		"case-investigation:focus":             focus(c),
	}, false)
	investigation["case-investigation:relevantAuthorization"] = g.authorization(c)
	g.submissions(c)
	g.exhibits(c, in)
	g.custody(c)
	investigation["uco-core:object"] = g.listed
	for _, n := range g.nodes {
		for key, value := range n {
			if empty(value) {
				delete(n, key)
			}
		}
	}
	return encode(map[string]any{"@context": context, "@graph": g.nodes})
}

func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []string:
		return len(v) == 0
	case []any:
		return len(v) == 0
	}
	return false
}

// encode writes JSON two spaces deep; keys are sorted, so the same graph is the same bytes.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(v)
	return b.Bytes(), err
}

// add adds a node whose identifier is derived from its name within the case.
func (g *graph) add(name, class string, properties node, listed bool) node {
	properties["@id"], properties["@type"] = g.id(name), class
	g.nodes = append(g.nodes, properties)
	if listed {
		g.listed = append(g.listed, ref(g.id(name)))
	}
	return properties
}

func (g *graph) id(name string) string { return urn(uuid5(g.space, name)) }

func ref(id string) node { return node{"@id": id} }

func when(t time.Time) node {
	return node{"@type": "xsd:dateTime", "@value": t.UTC().Format(time.RFC3339)}
}

func focus(c casefile.Case) []string {
	var out []string
	for _, code := range c.All("method") {
		out = append(out, methodLabel(code))
	}
	return out
}

// authorization returns the reporter's consents in force.
func (g *graph) authorization(c casefile.Case) any {
	if len(c.Allowed.InForce) == 0 {
		return nil
	}
	g.add("consent", "case-investigation:Authorization", node{
		"uco-core:name":                              "the reporter's consent, in force",
		"case-investigation:authorizationType":       "consent",
		"case-investigation:authorizationIdentifier": slices.Clone(c.Allowed.InForce),
	}, true)
	return ref(g.id("consent"))
}

// submissions adds each sealed statement, and its receipt by the intake.
func (g *graph) submissions(c casefile.Case) {
	for _, s := range c.Submissions {
		name := "statement " + s.Body
		g.data(name, "uco-observable:ContentData", "statement of "+s.Place, node{
			"uco-observable:isEncrypted": true, "uco-observable:sizeInBytes": s.Statement.Size,
		}, s.Statement.SHA256)
		results := []any{ref(g.id(name))}
		for _, e := range c.Exhibits {
			if e.Place == s.Place {
				results = append(results, ref(g.id("record "+e.Name)))
			}
		}
		act := "received by the intake server and sealed"
		if s.Act == "exhibit" {
			act = "brought in by a trustee and sealed"
		}
		g.add("receipt "+s.Body, "case-investigation:InvestigativeAction", node{
			"uco-core:name":        act,
			"uco-core:description": []string{fmt.Sprintf("%s; SHA-256 of its body %s", s.Place, s.Body)},
			"uco-action:startTime": when(s.Received),
			"uco-action:endTime":   when(s.Received),
			"uco-action:result":    results,
		}, true)
	}
}

// data adds a block of data with its facet and its hash.
func (g *graph) data(name, class, title string, facet node, sum string) node {
	facet["@id"], facet["@type"] = g.id("facet of "+name), "uco-observable:ContentDataFacet"
	facet["uco-observable:hash"] = []any{node{
		"@id": g.id("hash of " + name), "@type": "uco-types:Hash", "uco-types:hashMethod": "SHA256",
		"uco-types:hashValue": node{"@type": "xsd:hexBinary", "@value": sum},
	}}
	g.hashes[sum] = append(g.hashes[sum], g.id(name))
	return g.add(name, class, node{"uco-core:name": title, "uco-core:hasFacet": []any{facet}}, true)
}

// exhibits adds of every exhibit the sealed file, the provenance record, and, where its description may be shown, the
// original.
func (g *graph) exhibits(c casefile.Case, in Input) {
	for _, e := range c.Exhibits {
		sealed := "sealed " + e.Name
		g.data(sealed, "uco-observable:ContentData", e.Name+", sealed", node{
			"uco-observable:isEncrypted": true, "uco-observable:sizeInBytes": e.Sealed.Size,
		}, e.Sealed.SHA256)
		objects := []any{ref(g.id(sealed))}
		if shown(e, in) {
			original := "original " + e.Name
			n := g.data(original, "uco-observable:File", e.Name, node{
				"uco-observable:sizeInBytes": e.Size, "uco-observable:mimeType": []string{e.MediaType},
			}, e.SHA256)
			n["uco-core:hasFacet"] = append(n["uco-core:hasFacet"].([]any), node{
				"@id": g.id("file facet of " + original), "@type": "uco-observable:FileFacet",
				"uco-observable:fileName": e.File, "uco-observable:extension": strings.TrimPrefix(path.Ext(e.File), "."),
				"uco-observable:sizeInBytes": e.Size, "uco-observable:isDirectory": false,
			})
			n["case-investigation:wasDerivedFrom"] = ref(g.id(sealed))
			objects = append(objects, ref(g.id(original)))
		}
		g.add("record "+e.Name, "case-investigation:ProvenanceRecord", node{
			"uco-core:description":                 []string{description(e, in)},
			"case-investigation:exhibitNumber":     e.Name,
			"case-investigation:rootExhibitNumber": []string{e.Name},
			"uco-core:object":                      objects,
		}, true)
	}
}

func description(e casefile.Exhibit, in Input) string {
	switch {
	case shown(e, in) && e.Closed == "":
		return fmt.Sprintf("%s, %s, %d bytes", e.Place, e.MediaType, e.Size)
	case e.Identifies && !in.WithIdentity:
		return e.Place + "; withheld: it shows who the reporter is"
	}
	return e.Place + "; closed: " + e.Closed
}

// custody adds the trustees' acts, each informed by the one before.
func (g *graph) custody(c casefile.Case) {
	before := ""
	for _, e := range c.Custody {
		name := fmt.Sprintf("event %x", e.Nonce)
		says := []string{fmt.Sprintf("event %d of the custody log: %s", e.Number, e.Subject)}
		if e.Why != "" {
			says = append(says, "reason: "+e.Why)
		}
		n := g.add(name, "case-investigation:InvestigativeAction", node{
			"uco-core:name":         string(e.Act),
			"uco-core:description":  says,
			"uco-action:startTime":  when(e.At),
			"uco-action:endTime":    when(e.At),
			"uco-action:instrument": g.tool(e.Tool),
			"uco-action:object":     g.of(e.In),
			"uco-action:result":     g.of(e.Out),
		}, true)
		if e.By != (custody.By{}) {
			n["uco-action:performer"] = g.person(e.By)
		}
		if before != "" {
			n["case-investigation:wasInformedBy"] = ref(before)
		}
		before = g.id(name)
	}
}

// of returns the nodes with a hash that an event names.
func (g *graph) of(sum string) []any {
	var out []any
	for _, id := range g.hashes[sum] {
		out = append(out, ref(id))
	}
	return out
}

func (g *graph) tool(text string) any {
	if text == "" {
		return nil
	}
	if g.tools[text] == "" {
		name, version, _ := strings.Cut(text, " ")
		g.add("tool "+text, "uco-tool:Tool", node{"uco-core:name": name, "uco-tool:version": version}, true)
		g.tools[text] = g.id("tool " + text)
	}
	return ref(g.tools[text])
}

// person returns the node of a trustee, by the name of their key.
func (g *graph) person(by custody.By) node {
	if g.people[by.Fingerprint] == "" {
		g.add("trustee "+by.Fingerprint, "uco-identity:Identity", node{
			"uco-core:name": by.Name, "uco-core:description": []string{"trustee; key " + by.Fingerprint}}, true)
		g.people[by.Fingerprint] = g.id("trustee " + by.Fingerprint)
	}
	return ref(g.people[by.Fingerprint])
}
