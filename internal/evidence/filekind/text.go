package filekind

import (
	"bytes"
	"path"
	"strings"
)

// textKind distinguishes mail and JSON from other text where the library does not.
func textKind(head []byte, name string) string {
	head = bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	ending := strings.ToLower(path.Ext(strings.TrimRight(name, " .")))
	known, fields := mailHeader(head)
	switch {
	case known >= 2, ending == ".eml" && fields >= 1:
		return "message/rfc822"
	case ending == ".json" && (bytes.HasPrefix(bytes.TrimSpace(head), []byte("{")) || bytes.HasPrefix(bytes.TrimSpace(head), []byte("["))):
		return "application/json"
	}
	return "text/plain"
}

// mailFields are lower-case names of header fields that are common in mail and rare elsewhere (RFC 5322 section 3.6,
// and what servers add).
var mailFields = map[string]bool{
	"from": true, "to": true, "cc": true, "bcc": true, "subject": true, "date": true, "message-id": true, "mime-version": true,
	"received": true, "return-path": true, "delivered-to": true, "reply-to": true, "sender": true, "in-reply-to": true,
	"references": true, "content-type": true, "content-transfer-encoding": true, "dkim-signature": true, "authentication-results": true,
	"arc-seal": true, "arc-message-signature": true, "arc-authentication-results": true, "received-spf": true, "envelope-to": true,
	"x-mozilla-status": true, "x-mozilla-status2": true, "x-mozilla-keys": true, "x-original-to": true, "x-received": true,
	"x-mailer": true, "x-account-key": true, "x-uidl": true, "list-unsubscribe": true, "thread-topic": true, "thread-index": true,
}

// mailHeader counts the header fields at the beginning of a text, and those that are mail's own. Where a line before
// the first empty one is no field, the text is no mail, and both are 0. The last line may be cut.
func mailHeader(head []byte) (known, fields int) {
	if bytes.HasPrefix(head, []byte("From ")) { // the separator of mbox files (RFC 4155)
		_, head, _ = bytes.Cut(head, []byte("\n"))
	}
	for len(head) > 0 {
		line, rest, whole := bytes.Cut(head, []byte("\n"))
		line = bytes.TrimSuffix(line, []byte("\r"))
		if len(line) == 0 {
			break
		}
		head = rest
		if line[0] == ' ' || line[0] == '\t' {
			if fields == 0 {
				return 0, 0
			}
			continue
		}
		name, _, ok := bytes.Cut(line, []byte(":"))
		if !ok && !whole && fields > 0 {
			break
		}
		if !ok || len(name) == 0 || bytes.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
			return 0, 0
		}
		fields++
		if mailFields[strings.ToLower(string(name))] {
			known++
		}
	}
	return known, fields
}
