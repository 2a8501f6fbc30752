package seal

import "slices"

// CheckStatement says whether an opened statement is the one that the entry
// committed to: its lines and hashes must give the entry's commitments. Where the
// identity part was opened too, it must hold exactly the lines that the statement
// withholds, each fitting its hash; otherwise identity is nil.
//
// ErrMismatch names the field where a withheld line does not fit. An answer that is
// held has no hash beside it: only the whole can be seen not to fit.
func CheckStatement(s *StatementPart, identity *IdentityPart, commitments [32]byte, fields []string) error {
	if len(s.Items) != len(fields) {
		return mismatch("the statement has %d fields, and the vocabulary %d", len(s.Items), len(fields))
	}
	listing := s.Listing()
	for i, c := range listing {
		if c.Field != fields[i] {
			return mismatch("the statement has %s where %s belongs", c.Field, fields[i])
		}
	}
	if identity != nil {
		if err := checkIdentity(s, identity); err != nil {
			return err
		}
	}
	if got := listing.Hash(); got != commitments {
		return mismatch("the answers do not fit the commitments in the ledger: they give %x, and the entry says %x",
			got, commitments)
	}
	return nil
}

func checkIdentity(s *StatementPart, identity *IdentityPart) error {
	withheld := make([]string, 0, len(identity.Lines))
	for _, it := range s.Items {
		if it.Line != nil {
			continue
		}
		withheld = append(withheld, it.Field)
		l, ok := identity.Line(it.Field)
		if !ok {
			return mismatch("the identity part lacks %s, which the statement withholds", it.Field)
		}
		if l.Hash() != it.Hash {
			return mismatch("the identity part's %s does not fit the hash in the statement", it.Field)
		}
	}
	for i, l := range identity.Lines {
		if !slices.Contains(withheld, l.Field) {
			return mismatch("the identity part holds %s, which the statement does not withhold", l.Field)
		}
		if i >= len(withheld) {
			return mismatch("the identity part holds %s twice", l.Field)
		}
		if l.Field != withheld[i] {
			return mismatch("the identity part holds %s where %s belongs", l.Field, withheld[i])
		}
	}
	return nil
}
