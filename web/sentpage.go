package web

import (
	"net/http"
	"net/url"
	"strings"

	"zapis/internal/incident"
)

// codePage shows a code, once, on a page of its own.
type codePage struct {
	base
	Code   []string // in groups
	Digits string
	proof
}

func presentCode(_ *server, loc *localizer, v *view) (string, any) {
	p := codePage{base: loc.base(""), Code: strings.Fields(v.code), Digits: v.code, proof: newProof(v.promise)}
	p.Switch = &languageSwitch{Path: "sent", Hidden: []hiddenField{{"code", v.code}, {"promise", v.promise}}}
	return "code", p
}

// nextPage is the page after the one with the code.
type nextPage struct {
	base
	Mailbox string // the mailbox's address, to be written down; empty where the request has no valid host
	Reading string // on which days reports are read
	addFiles
}

func (s *server) nextPage(loc *localizer, host string) nextPage {
	return nextPage{base: loc.base("next"), Mailbox: mailboxAddress(host, loc.code), Reading: loc.readingDays(),
		addFiles: loc.addFiles(s, &view{})}
}

// mailboxAddress returns the mailbox's address, without a scheme.
func mailboxAddress(host, lang string) string {
	if u, err := url.Parse("//" + host); err != nil || u.Host != host || len(host) > 100 {
		return ""
	}
	return host + "/" + lang + "/mailbox"
}

// readingDays returns on which days reports are read, in words.
func (loc *localizer) readingDays() string {
	return loc.t("next.reading", "days", loc.days(week(loc.site.ReadingDays)))
}

// filesPage confirms that files were stored, or asks for them again.
type filesPage struct {
	base
	Heading, Thanks string
	Errors          []errorLink
	Reading         string
	Again           bool     // files were refused
	Bad             []string // files that were not stored, with the reason
	addFiles
	proof
}

// filesForm is the part of a form that takes files.
type filesForm struct {
	Slots     int
	Each, All string // limits, in words
	FileWrong string
	Identify  bool
}

// addFiles is a form for files alone.
type addFiles struct {
	filesForm
	Nonce, Filler string
	Digits        string    // a code that was typed before; empty where it is asked for
	CodeEntry     codeEntry // asks for it
}

func (loc *localizer) addFiles(s *server, v *view) addFiles {
	return addFiles{filesForm: loc.filesForm(s, v, v.wrong), Nonce: newNonce(), Filler: newFiller(), Digits: v.code,
		CodeEntry: loc.codeEntry(v.form["code"], v.wrong)}
}

func (loc *localizer) filesForm(s *server, v *view, wrong incident.Errors) filesForm {
	f := filesForm{Slots: s.limits.Files, Each: loc.size(s.limits.File), All: loc.size(s.limits.Report), Identify: v.has("files_identify", "yes")}
	if c := wrong.Of(incident.FileField); c != "" {
		f.FileWrong = loc.errorSentence(incident.FieldError{Field: incident.FileField, Code: c})
		if len(v.bad) > 0 {
			f.FileWrong = strings.Join(loc.badFiles(v.bad), " ")
		}
	}
	return f
}

// badFiles names files that were refused, each with the reason.
func (loc *localizer) badFiles(bad []badFile) []string {
	var list []string
	for _, b := range bad {
		what := loc.errorSentence(incident.FieldError{Field: incident.FileField, Code: b.Code})
		if b.Name == "" {
			list = append(list, what)
		} else {
			list = append(list, loc.t("file.named", "name", b.Name, "what", what))
		}
	}
	return list
}

// shownName shortens the name of a file for a page.
func shownName(name string) string {
	name = strings.ToValidUTF8(incident.CleanText(name), "\uFFFD")
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	const most = 80 // characters
	if r := []rune(name); len(r) > most {
		return string(r[:most/2]) + "…" + string(r[len(r)-most/2:])
	}
	return name
}

func presentFiles(s *server, loc *localizer, v *view) (string, any) {
	p := filesPage{base: loc.base("mailbox"), Reading: loc.readingDays()}
	if v.status == http.StatusOK {
		p.Heading, p.Thanks = loc.n("files.done", v.files), loc.t("files.done.text")
		p.Bad = loc.badFiles(v.bad)
		p.proof = newProof(v.promise)
		p.Switch = mailboxSwitch(v.code)
	} else {
		p.Again = true
		p.Heading = loc.t("files.heading")
		p.fail(loc, s, v)
		p.Errors = loc.errorLinks(v.wrong, onFiles)
		if c, wrong := readCode(v.form["code"]); len(wrong) == 0 && v.wrong.Of("code") == "" {
			v.code = c.Digits()
			c.Wipe()
		}
		p.Switch = &languageSwitch{Path: "mailbox", Hidden: hiddenCode(v)}
	}
	p.addFiles = loc.addFiles(s, v)
	return "files", p
}

// hiddenCode returns hidden fields with a code as it was typed.
func hiddenCode(v *view) []hiddenField {
	if v.code != "" {
		return []hiddenField{{"code", v.code}}
	}
	var list []hiddenField
	for _, typed := range v.form["code"] {
		list = append(list, hiddenField{"code", typed})
	}
	return list
}
