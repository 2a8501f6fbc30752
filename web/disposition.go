package web

import (
	"net/textproto"
	"strings"
)

// partNames reads the names of a part's field and of its file as browsers write them (HTML, "Multipart form data"): in
// quotation marks, with only `"`, CR and LF escaped, as %22, %0D and %0A. A backslash is a backslash: `filename="a\"` is
// the file `a\`. A quotation mark ends a value only where a semicolon or the header's end follows.
func partNames(h textproto.MIMEHeader) (field, file string, isFile bool) {
	kind, rest, _ := strings.Cut(h.Get("Content-Disposition"), ";")
	if !strings.EqualFold(strings.TrimSpace(kind), "form-data") {
		return "", "", false
	}
	for rest = strings.TrimSpace(rest); rest != ""; {
		var key, value string
		if key, value, rest = cutParameter(rest); key == "" {
			return "", "", false
		}
		switch strings.ToLower(key) {
		case "name":
			field = unescapeName.Replace(value)
		case "filename":
			file, isFile = unescapeName.Replace(value), true
		}
	}
	return field, file, isFile
}

var unescapeName = strings.NewReplacer("%22", `"`, "%0D", "\r", "%0A", "\n", "%0d", "\r", "%0a", "\n")

// cutParameter cuts `key="value"` or `key=value` off a list of parameters. An empty key means that there is none.
func cutParameter(s string) (key, value, rest string) {
	key, s, _ = strings.Cut(s, "=")
	key, s = strings.TrimSpace(key), strings.TrimSpace(s)
	if !strings.HasPrefix(s, `"`) {
		value, rest, _ = strings.Cut(s, ";")
		return key, strings.TrimSpace(value), strings.TrimSpace(rest)
	}
	s = s[1:]
	for i := 0; i < len(s); i++ {
		if s[i] != '"' {
			continue
		}
		after := strings.TrimSpace(s[i+1:])
		if after == "" {
			return key, s[:i], ""
		}
		if next, _, ok := strings.Cut(after, "="); after[0] == ';' && ok && isParameterName(strings.TrimSpace(next[1:])) {
			return key, s[:i], strings.TrimSpace(after[1:])
		}
	}
	return "", "", ""
}

// isParameterName keeps a name like `a"; b.txt` whole: another parameter must follow the mark.
func isParameterName(s string) bool {
	return s != "" && strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz*-") == ""
}
