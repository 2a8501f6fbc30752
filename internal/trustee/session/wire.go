package session

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"

	"filippo.io/age"
)

// maxFrame bounds one message in bytes. An age header with a hundred trustees has 200 KB.
const maxFrame = 1 << 20

// The operations of the agent.
const (
	opHello  = "hello"  // the card, and which identity file it was
	opUnwrap = "unwrap" // stanzas in, file key out
	opSign   = "sign"   // what an SSH signature signs in, Ed25519 signature out
	opEnd    = "end"    // forget the keys and end
)

// request is what a process asks of the agent.
type request struct {
	Op      string   `json:"op"`
	Stanzas []stanza `json:"stanzas,omitempty"`
	Data    []byte   `json:"data,omitempty"`
}

// stanza is one of an age header.
type stanza struct {
	Type string   `json:"type"`
	Args []string `json:"args"`
	Body []byte   `json:"body"`
}

// reply is the agent's answer.
type reply struct {
	Failure string `json:"failure,omitempty"`  // why there is no result
	NoMatch bool   `json:"no_match,omitempty"` // no stanza is for this key
	Data    []byte `json:"data,omitempty"`
	Card    []byte `json:"card,omitempty"`
	File    []byte `json:"file,omitempty"` // SHA-256 of the identity file
}

func stanzasOf(list []*age.Stanza) []stanza {
	out := make([]stanza, len(list))
	for i, s := range list {
		out[i] = stanza{s.Type, s.Args, s.Body}
	}
	return out
}

func (r request) stanzas() []*age.Stanza {
	out := make([]*age.Stanza, len(r.Stanzas))
	for i, s := range r.Stanzas {
		out[i] = &age.Stanza{Type: s.Type, Args: s.Args, Body: s.Body}
	}
	return out
}

func writeFrame(w io.Writer, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if len(text) > maxFrame {
		return errors.New("the message is too long")
	}
	frame := append(binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(text)), uint32(len(text))), text...)
	_, err = w.Write(frame)
	clear(frame)
	clear(text)
	return err
}

func readFrame(r io.Reader, v any) error {
	var size [4]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return err
	}
	n := binary.BigEndian.Uint32(size[:])
	if n > maxFrame {
		return errors.New("the message is too long")
	}
	text := make([]byte, n)
	defer clear(text)
	if _, err := io.ReadFull(r, text); err != nil {
		return err
	}
	return json.Unmarshal(text, v)
}
