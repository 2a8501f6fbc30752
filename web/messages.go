package web

import (
	"html/template"
	"time"

	"zapis/internal/server/intake"
)

// message is a piece of a reply: a long reply goes over several pages.
type message struct {
	Number int // of the reply, from 1
	Day    day // on which the reply entered the ledger
	Kind   messageKind
	Text   string

	Seen, Again int64 // of an answer from duty, Unix seconds
}

type messageKind int

const (
	messageText   messageKind = iota
	messageErased             // the ledger has forgotten it
	messageBroken             // what its trustee sealed does not open
	messageDuty               // of somebody on duty: Text is the sentence's name
)

type shownMessage struct{ Heading, Text string }

// message returns the sentence of a message.
func (loc *localizer) message(m message) shownMessage {
	if m.Kind == messageDuty {
		return shownMessage{loc.t("duty.heading"), loc.t("duty."+m.Text, "seen", loc.moment(m.Seen), "again", loc.moment(m.Again))}
	}
	heading := loc.t("mailbox.message", "n", m.Number)
	if m.Day != 0 {
		heading += ", " + loc.date(m.Day.time())
	}
	switch m.Kind {
	case messageErased:
		return shownMessage{heading, loc.t("mailbox.erased")}
	case messageBroken:
		return shownMessage{heading, loc.t("mailbox.broken")}
	}
	return shownMessage{heading, m.Text}
}

// moment writes a time by the clock of those on duty, or in UTC where the site names none.
func (loc *localizer) moment(unix int64) string {
	t, zone := time.Unix(unix, 0).UTC(), "UTC"
	if d := loc.site.Duty; d != nil && d.Clock != nil {
		t, zone = t.In(d.Clock), d.Zone
	}
	return loc.date(t) + ", " + t.Format("15:04") + " (" + zone + ")"
}

const (
	// messagePageBytes is how many bytes of messages, escaped, one page holds, so that it keeps its size.
	messagePageBytes = 24 << 10
	// messageMarkup is the approximate size of the markup around a message, in bytes.
	messageMarkup = 160
	// dutyMarkup is about how much longer a fixed sentence is than its name, in bytes.
	dutyMarkup = 800
)

// pageOfMessages lays replies out on pages of messagePageBytes, cutting a long one where it must, and returns one page,
// from 1, and the number of the next, or 0.
func pageOfMessages(replies []intake.Reply, page int) (on []message, next int) {
	at, used, number := 1, 0, 0
	for _, reply := range replies {
		if reply.Duty == nil {
			number++
		}
		m := message{Number: number, Day: dayNumber(reply.Day)}
		text := reply.Text
		switch {
		case reply.Duty != nil:
			m.Kind, text = messageDuty, reply.Duty.Sentence
			m.Seen, m.Again = reply.Duty.Seen.Unix(), reply.Duty.Again.Unix()
			used += dutyMarkup
		case reply.Erased:
			m.Kind, text = messageErased, ""
		case reply.Broken:
			m.Kind, text = messageBroken, ""
		}
		for first := true; first || text != ""; first = false {
			piece, rest := cutEscaped(text, messagePageBytes-used)
			if piece == "" && text != "" {
				at, used = at+1, 0
				continue
			}
			if at == page {
				m.Text = piece
				on = append(on, m)
			}
			used += escapedLen(piece) + messageMarkup
			text = rest
		}
	}
	if page < at {
		next = page + 1
	}
	return on, next
}

func escapedLen(s string) int { return len(template.HTMLEscapeString(s)) }

// cutEscaped returns the longest prefix of s in whole characters that takes at most room bytes when escaped.
func cutEscaped(s string, room int) (piece, rest string) {
	if escapedLen(s) <= room {
		return s, ""
	}
	used := 0
	for i, r := range s {
		if used += escapedLen(string(r)); used > room {
			return s[:i], s[i:]
		}
	}
	return s, ""
}
