package canonical

// hidden are the invisible characters, and those that change the direction of text, in order: first and last of each
// range (docs/spec/custody.md). The list is fixed, and not taken from Unicode's growing tables: texts that depend on
// it are compared byte for byte years later, by programs that were built with other tables.
var hidden = [][2]rune{
	{0x00, 0x1f}, {0x7f, 0x9f}, // C0, DEL, C1
	{0xad, 0xad}, {0x34f, 0x34f}, {0x61c, 0x61c}, {0x115f, 0x1160}, {0x180e, 0x180e},
	{0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f}, // zero width, separators, directions
	{0x3164, 0x3164},
	{0xe000, 0xf8ff}, // private use
	{0xfe00, 0xfe0d}, // selectors that can carry data; those of text and picture stay
	{0xfeff, 0xfeff}, {0xffa0, 0xffa0}, {0xfff0, 0xfffb},
	{0xe0000, 0xe0fff}, {0xf0000, 0x10ffff}, // tags, selectors, private use
}

// Hidden reports whether a character is invisible, so that a text for people has its code point instead. Tab and line
// feed are among them: callers that allow them handle them first.
func Hidden(r rune) bool {
	for _, of := range hidden {
		if r <= of[1] {
			return r >= of[0]
		}
	}
	return false
}
