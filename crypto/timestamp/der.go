package timestamp

import "zapis/crypto/canonical"

// maxDepth is how many constructed elements may enclose one another. The
// deepest that a time-stamp response needs is about 15: a name in an extension
// of a certificate in a token in a response.
const maxDepth = 32

// checkDER refuses what is not exactly one element in DER: lengths definite and
// minimal, INTEGER, BOOLEAN, NULL and OBJECT IDENTIFIER in their one encoding,
// strings primitive, nothing after the element (X.690, sections 8, 10 and 11).
// It runs before any parser sees foreign bytes. The order of a SET OF is not
// checked: authorities do not sort the certificates of a token.
//
// It reads each byte once, so the size of its input bounds its time; the caller
// bounds that size.
func checkDER(der []byte) error {
	rest, err := skipElement(der, 0)
	if err == nil && len(rest) > 0 {
		err = canonical.Refuse("%d bytes follow its end", len(rest))
	}
	return err
}

// skipElement checks the first element of b and returns the bytes after it.
func skipElement(b []byte, depth int) (rest []byte, err error) {
	if depth > maxDepth {
		return nil, canonical.Refuse("elements are nested more than %d deep", maxDepth)
	}
	if len(b) < 2 {
		return nil, canonical.Refuse("it ends within an element")
	}
	tag := b[0]
	if tag&numberMask == numberMask {
		return nil, canonical.Refuse("a tag number is above 30, which no part of a time stamp uses")
	}
	content, rest, err := splitLength(b[1:])
	if err != nil {
		return nil, err
	}
	if err := checkElement(tag, content); err != nil {
		return nil, err
	}
	if tag&constructed == 0 {
		return rest, nil
	}
	for len(content) > 0 {
		if content, err = skipElement(content, depth+1); err != nil {
			return nil, err
		}
	}
	return rest, nil
}

// splitLength reads a length and cuts as many bytes off.
func splitLength(b []byte) (content, rest []byte, err error) {
	n, b := int(b[0]), b[1:]
	if n >= 0x80 {
		width := n & 0x7f
		switch {
		case width == 0:
			return nil, nil, canonical.Refuse("an element has an indefinite length, which DER does not allow")
		case width > 3 || width > len(b):
			return nil, nil, canonical.Refuse("an element is longer than what there is")
		}
		n = 0
		for _, c := range b[:width] {
			n = n<<8 | int(c)
		}
		if n < 0x80 || b[0] == 0 {
			return nil, nil, canonical.Refuse("a length is not written in its shortest form")
		}
		b = b[width:]
	}
	if n > len(b) {
		return nil, nil, canonical.Refuse("an element is longer than what there is")
	}
	return b[:n], b[n:], nil
}

// Identifier octets of the universal class (X.690, section 8.1.2).
const (
	constructed = 0x20
	classMask   = 0xc0
	numberMask  = 0x1f

	tagEnd      = 0x00
	tagBoolean  = 0x01
	tagInteger  = 0x02
	tagBits     = 0x03
	tagNull     = 0x05
	tagOID      = 0x06
	tagEnum     = 0x0a
	tagSequence = 0x10
	tagSet      = 0x11
)

func checkElement(tag byte, content []byte) error {
	if tag&classMask != 0 {
		return nil
	}
	number := tag & numberMask
	if isConstructed := tag&constructed != 0; isConstructed != (number == tagSequence || number == tagSet) {
		return canonical.Refuse("an element of type %d is not encoded as DER wants it: primitive or constructed", number)
	}
	ok := true
	switch number {
	case tagEnd:
		ok = false
	case tagBoolean:
		ok = len(content) == 1 && (content[0] == 0 || content[0] == 0xff)
	case tagInteger, tagEnum:
		ok = len(content) == 1 || len(content) > 1 && !(content[0] == 0 && content[1] < 0x80) && !(content[0] == 0xff && content[1] >= 0x80)
	case tagBits:
		ok = len(content) > 0 && content[0] <= 7 && (content[0] == 0 || len(content) > 1)
	case tagNull:
		ok = len(content) == 0
	case tagOID:
		ok = validOID(content)
	}
	if !ok {
		return canonical.Refuse("an element of type %d is not in its one encoding", number)
	}
	return nil
}

// validOID reports whether each arc is written in its shortest form, and
// ended.
func validOID(content []byte) bool {
	start := true
	for _, c := range content {
		if start && c == 0x80 {
			return false
		}
		start = c < 0x80
	}
	return start && len(content) > 0
}
