package ledger

import (
	"bytes"

	"zapis/crypto/canonical"
	"zapis/crypto/card"
)

// SignedBody is the body of a reply, review or custody entry: a signed statement's
// file, a blank line, and the content that it is about. The statement's kind is
// the entry's, and its trustees line is the entry's too.
type SignedBody struct {
	Statement card.Signed
	Content   []byte
}

// Marshal writes the body.
func (s SignedBody) Marshal() []byte {
	return append(append(s.Statement.Marshal(), '\n'), s.Content...)
}

// ParseSignedBody parses a reply's, review's or custody entry's body, and checks that the statement is about this
// content. It verifies no signature.
func ParseSignedBody(body []byte) (SignedBody, error) {
	st, rest, err := card.CutSigned(body)
	if err != nil {
		return SignedBody{}, err
	}
	content, ok := bytes.CutPrefix(rest, []byte("\n"))
	if !ok || len(content) == 0 {
		return SignedBody{}, canonical.Refuse("statement: no blank line and content after its signature")
	}
	if Sum(content) != st.Subject {
		return SignedBody{}, canonical.Refuse("statement: it is about another content")
	}
	return SignedBody{st, bytes.Clone(content)}, nil
}

// check verifies the signer and the signature.
func (s SignedBody) check(k Kind, set TrusteeSet, setIndex uint64, genesis Hash) error {
	at := set.Position(s.Statement.Signer)
	switch {
	case s.Statement.Kind != string(k):
		return canonical.Refuse("its statement is of the kind %s", s.Statement.Kind)
	case Hash(s.Statement.Ledger) != genesis:
		return canonical.Refuse("its statement is for another ledger")
	case s.Statement.Trustees != setIndex:
		return canonical.Refuse("its statement was made under the trustees of entry %d, and the entry names %d", s.Statement.Trustees, setIndex)
	case at == 0:
		return canonical.Refuse("its signer %s is not among the trustees", s.Statement.Signer)
	}
	return s.Statement.Verify(set.Trustees[at-1].SSH)
}

const replyHeader = "zapis/reply/v1"

// Reply is the content of a reply: a tag by which the reporter finds it, and a
// message sealed to them.
//
//	zapis/reply/v1
//	tag <64 hex>
//
//	<age file>
type Reply struct {
	Tag     Hash
	Message []byte
}

// Marshal writes the content.
func (p Reply) Marshal() []byte {
	return append([]byte(replyHeader+"\ntag "+p.Tag.String()+"\n\n"), p.Message...)
}

// ParseReply reads the content of a reply.
func ParseReply(content []byte) (Reply, error) {
	const head = len(replyHeader) + len("\ntag ") + 64 + len("\n\n")
	if len(content) <= head || content[head-1] != '\n' || len(content) > MaxSmall {
		return Reply{}, canonical.Refuse("reply: it is %s, a tag, a blank line and a message", replyHeader)
	}
	r := canonical.Begin(content[:head-1], head, replyHeader)
	p := Reply{Tag: r.Hash(r.Word("tag")), Message: bytes.Clone(content[head:])}
	return canonical.Done(r, "reply", p)
}
