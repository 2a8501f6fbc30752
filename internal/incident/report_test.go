package incident

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"zapis/crypto/canonical"
)

func TestValues(t *testing.T) {
	f := least("method", "T5", "method", "D1", "when", "2026-05", "name", `A "B" \ C`, "contact", "tab\there\u2028<&>")
	r, errs := Validate(f, today, ActReport)
	if errs != nil {
		t.Fatal(errs)
	}
	var got strings.Builder
	second, err := Version(2)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range second.Values(r) {
		value := string(v.JSON)
		if v.JSON == nil {
			value = "null"
		}
		fmt.Fprintf(&got, "%s %s\n", v.Field, value)
	}
	want := `danger_now null
deadline null
deadline_what null
narrative "They came at six."
language null
method ["D1","T5"]
when "2026-05"
when_precision "month"
country_event null
country_now null
target null
target_role null
basis null
person_agrees null
reported_to null
consent ["store"]
contact "tab\there` + "\u2028" + `<&>"
contact_when null
name "A \"B\" \\ C"
files_identify null
`
	if got.String() != want {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want)
	}
}

func TestStringEncoding(t *testing.T) {
	// The outputs are those of Python's json.dumps(ensure_ascii=False).
	for in, want := range map[string]string{
		"":                          `""`,
		"a\"b\\c/":                  `"a\"b\\c/"`,
		"\b\f\n\r\t":                `"\b\f\n\r\t"`,
		"\x00\x1f\x7f\u0080":        "\"\\u0000\\u001f\x7f\u0080\"",
		"<script>&amp;\u2028\u2029": "\"<script>&amp;\u2028\u2029\"",
		"Ґанок 字 👩‍⚖️":              `"Ґанок 字 👩‍⚖️"`,
	} {
		if got := string(canonical.AppendString(nil, in)); got != want {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
		var back string
		if err := json.Unmarshal(canonical.AppendString(nil, in), &back); err != nil || back != in {
			t.Errorf("%q came back as %q, %v", in, back, err)
		}
	}
}

// TestNothingPrintsAReport tries the ways in which words get into a log.
func TestNothingPrintsAReport(t *testing.T) {
	const canary = "canary"
	f := Form{"form": {"nonce"}}
	for _, field := range Fields() {
		if field.Kind == KindText {
			f[field.Name] = []string{canary}
		}
	}
	f["consent"] = []string{"store"}
	r, errs := Validate(f, today, ActReport)
	if errs != nil {
		t.Fatal(errs)
	}
	bad := Form{canary + " in a name": {canary}, "consent": {canary}}
	_, refused := Validate(bad, today, ActReport)
	type inside struct {
		private *Report
		byValue Report
		form    Form
		Public  *Report
		Form    Form
	}
	whole := inside{r, *r, f, r, f}

	var out bytes.Buffer
	for _, v := range []any{r, *r, f, &f, []*Report{r}, []Report{*r}, map[string]*Report{"a": r}, refused, refused[0],
		errors.Join(fmt.Errorf("%v", r), refused)} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		for _, h := range []slog.Handler{slog.NewJSONHandler(&out, nil), slog.NewTextHandler(&out, nil)} {
			slog.New(h).Info("message", "value", v, slog.Group("g", "value", v))
		}
	}
	// A form in an unexported field is beyond what fmt asks; a report is not.
	whole.form = nil
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		fmt.Fprintf(&out, verb+"\n", whole)
		fmt.Fprintf(&out, verb+"\n", &whole)
	}
	for _, v := range []any{r, *r, []*Report{r}} {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(b)
		if b, err = xml.Marshal(v); err != nil {
			t.Fatal(err)
		}
		out.Write(b)
	}
	lower := strings.ToLower(out.String())
	for _, leak := range []string{canary, fmt.Sprintf("%x", canary), fmt.Sprintf("%q", canary)} {
		if i := strings.Index(lower, leak); i >= 0 {
			t.Fatalf("found in: %s", lower[max(0, i-80):min(len(lower), i+80)])
		}
	}
	if !strings.Contains(out.String(), "[report]") || !strings.Contains(out.String(), "[form]") {
		t.Error("nothing was printed")
	}
}
