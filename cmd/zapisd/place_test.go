package main

import (
	"testing"

	"zapis/store"
)

// Only an S3 store may answer before an object is durable without that this program could know.
func TestNoteOf(t *testing.T) {
	for _, test := range []struct {
		place store.Place
		want  string
	}{
		{store.Place{}, ""},
		{store.Place{Database: "postgres://u@host/x"}, ""},
		{store.Place{Database: "postgres://u@host/x", Attachments: "s3://key:secret@host/bucket"},
			"attachments go to an S3 store: whether an object is on its disks when it answers can't be told from here; docs/guides/cluster.md says how to find out\n"},
	} {
		if got := noteOf(test.place); got != test.want {
			t.Errorf("%+v: %q", test.place, got)
		}
	}
}
