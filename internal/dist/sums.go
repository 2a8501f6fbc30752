package main

import (
	"context"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"zapis/internal/cli"
)

// sums writes SHA256SUMS over every file of the release, as sha256sum -c reads it, and signs it where a key is given:
// ssh-keygen -Y verify -n zapis-release checks the signature.
func (r *release) sums(ctx context.Context, key string) error {
	files, err := os.ReadDir(r.out)
	if err != nil {
		return err
	}
	var list strings.Builder
	for _, f := range files {
		if f.Name() == ".gitignore" {
			continue
		}
		sum, err := hashFile(filepath.Join(r.out, f.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(&list, "%s  %s\n", sum, f.Name())
	}
	name := filepath.Join(r.out, "SHA256SUMS")
	if err := os.WriteFile(name, []byte(list.String()), 0o644); err != nil {
		return err
	}
	if key == "" {
		return nil
	}
	_, err = command(ctx, "ssh-keygen", "-q", "-Y", "sign", "-f", key, "-n", "zapis-release", name)
	return err
}

func hashFile(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return fmt.Sprintf("%x", h.Sum(nil)), nil
}

// The members of an SPDX 2.3 document that a bill of materials has (https://spdx.github.io/spdx-spec/v2.3/).
type spdxDocument struct {
	Version       string             `json:"spdxVersion"`
	DataLicense   string             `json:"dataLicense"`
	ID            string             `json:"SPDXID"`
	Name          string             `json:"name"`
	Namespace     string             `json:"documentNamespace"`
	Creation      spdxCreation       `json:"creationInfo"`
	Packages      []spdxPackage      `json:"packages"`
	Relationships []spdxRelationship `json:"relationships"`
}

type spdxCreation struct {
	Created  string   `json:"created"`
	Creators []string `json:"creators"`
}

type spdxPackage struct {
	ID       string         `json:"SPDXID"`
	Name     string         `json:"name"`
	Version  string         `json:"versionInfo"`
	Download string         `json:"downloadLocation"`
	Analyzed bool           `json:"filesAnalyzed"`
	Licence  string         `json:"licenseDeclared,omitempty"`
	Refs     []spdxExternal `json:"externalRefs,omitempty"`
	Comment  string         `json:"comment,omitempty"`
}

type spdxExternal struct {
	Category string `json:"referenceCategory"`
	Type     string `json:"referenceType"`
	Locator  string `json:"referenceLocator"`
}

type spdxRelationship struct {
	Element string `json:"spdxElementId"`
	Type    string `json:"relationshipType"`
	Related string `json:"relatedSpdxElement"`
}

// billOfMaterials writes which modules each program is linked from, as the programs themselves say (debug/buildinfo).
func (r *release) billOfMaterials(platforms []string) error {
	modules := map[string]spdxPackage{}
	uses := map[spdxRelationship]bool{}
	doc := spdxDocument{
		Version: "SPDX-2.3", DataLicense: "CC0-1.0", ID: "SPDXRef-DOCUMENT", Name: "zapis-" + cli.Release,
		Namespace: "urn:zapis:" + cli.Release + ":" + r.commit,
		Creation:  spdxCreation{r.time.Format(time.RFC3339), []string{"Tool: zapis-dist-" + cli.Release}},
	}
	for _, p := range programs {
		id := "SPDXRef-program-" + p.name
		doc.Packages = append(doc.Packages, spdxPackage{ID: id, Name: p.name, Version: cli.Release, Download: "NOASSERTION", Licence: "Apache-2.0", Comment: "commit " + r.commit})
		doc.Relationships = append(doc.Relationships, spdxRelationship{doc.ID, "DESCRIBES", id})
		for _, platform := range platforms {
			if !p.builtFor(platform) {
				continue
			}
			info, err := buildinfo.ReadFile(filepath.Join(r.binaries(platform), p.executable(platform)))
			if err != nil {
				return err
			}
			std := spdxPackage{ID: "SPDXRef-go", Name: "go", Version: info.GoVersion, Download: "https://go.dev", Licence: "BSD-3-Clause"}
			modules[std.ID] = std
			uses[spdxRelationship{id, "CONTAINS", std.ID}] = true
			for _, m := range info.Deps {
				one := spdxPackage{
					ID: "SPDXRef-module-" + identifier(m.Path+"-"+m.Version), Name: m.Path, Version: m.Version, Download: "NOASSERTION", Comment: "go.sum " + m.Sum,
					Refs: []spdxExternal{{"PACKAGE-MANAGER", "purl", "pkg:golang/" + m.Path + "@" + m.Version}},
				}
				modules[one.ID] = one
				uses[spdxRelationship{id, "CONTAINS", one.ID}] = true
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(modules)) {
		doc.Packages = append(doc.Packages, modules[id])
	}
	doc.Relationships = append(doc.Relationships, slices.SortedFunc(maps.Keys(uses), func(a, b spdxRelationship) int {
		return strings.Compare(a.Element+" "+a.Related, b.Element+" "+b.Related)
	})...)
	text, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(r.out, "zapis-"+cli.Release+".spdx.json"), append(text, '\n'), 0o644)
}

// identifier keeps what an SPDX identifier may have: letters, digits, dots and hyphens.
func identifier(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '-' {
			return r
		}
		return '-'
	}, s)
}
