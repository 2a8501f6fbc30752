package release

import (
	"zapis/internal/evidence/custody"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/casework"
)

// Stamping is what is made from a bundle in order to have it time-stamped.
type Stamping struct {
	Case string   // of the bundle
	What string   // our words: "bundle with a time stamp"
	From [32]byte // SHA-256 of the bundle
	Made [32]byte // SHA-256 of what is made
}

// Stamp records what is made from a bundle, and then calls write.
func Stamp(t *casework.Trustee, s Stamping, write func() error) error {
	return gate{t}.pass(request{kind: stamping,
		prepare: func([]*casefile.Case) ([]custody.Record, error) {
			return []custody.Record{{Act: custody.Exported, Case: s.Case, Subject: s.What, In: custody.Hex(s.From), Out: custody.Hex(s.Made)}}, nil
		},
		act: write})
}
