package casework_test

import (
	"strings"
	"testing"

	"zapis/crypto/reporterkey"
	"zapis/internal/incident"
	"zapis/internal/shorttest"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/vault/vaulttest"
)

// The operator of the intake, with what one trustee can read out of a statement (the mailbox and the secret of its tags),
// can put something into a case, and can't make it count: the reporter's key is not among what they have.
func TestASubmissionThatTheReporterDidNotSignCountsForNothing(t *testing.T) {
	shorttest.Skip(t, "not tested: submissions without the reporter's signature")
	t.Parallel()
	for _, tt := range []struct {
		name string
		lie  func(f *vaulttest.Forged, key reporterkey.Fingerprint)
		want casefile.Authorship
	}{
		{"unsigned", func(f *vaulttest.Forged, key reporterkey.Fingerprint) { f.Named = key }, casefile.AuthorUnsigned},
		{"signed with a stranger's key under the reporter's name", func(f *vaulttest.Forged, key reporterkey.Fingerprint) {
			f.Named, f.Sign = key, vaulttest.StrangersKey(t, 3)
		}, casefile.AuthorWrong},
		{"signed with a stranger's key", func(f *vaulttest.Forged, _ reporterkey.Fingerprint) {
			f.Key, f.Sign = vaulttest.StrangersKey(t, 3), vaulttest.StrangersKey(t, 3)
		}, casefile.AuthorWrong},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := vaulttest.New(t, vaulttest.Options{Trustees: []string{"anna"}})
			filed := h.Report(nil)
			o := newVault(t)
			o.mustTake(h.Carry(0), as(h.Trustees[0]))
			v := o.openAs(h.Trustees[0])
			st := show(t, v, filed.Case).Submissions[0].Lines
			v.Close()
			for _, act := range []string{"consent", "stop", "delete"} {
				f := vaulttest.Forged{Act: act, First: filed.Body, Mailbox: st.Mailbox, Tags: st.Tags, Answers: map[string]string{}}
				if act == "consent" {
					f.Answers = map[string]string{"consent": `["store","lawyer","state","publish"]`}
				}
				tt.lie(&f, st.Key)
				f.Submit(t, h)
			}
			o.mustTake(h.Carry(0), as(h.Trustees[0]))
			v = o.openAs(h.Trustees[0])
			cases := sort(t, v)
			if len(cases.List) != 1 {
				t.Fatalf("%d cases, %v", len(cases.List), cases.Problems)
			}
			s := cases.List[0].Summary()
			if s.Withdrawn != "" || s.ToErase != nil || s.NotSigned != 3 || strings.Join(s.Consent, " ") != "store lawyer" {
				t.Errorf("it took effect: %+v", s)
			}
			c := show(t, v, filed.Case)
			for _, sub := range c.Submissions[1:] {
				if sub.Author != tt.want {
					t.Errorf("%s: %s", sub.Act, sub.Author)
				}
			}
			err := c.Allowed.Check(lawyer, casefile.Leave{})
			if err != nil {
				t.Errorf("a bundle for a lawyer: %v", err)
			}
			v.Close()
			h.FollowUp(filed, incident.ActDelete, nil)
			o.mustTake(h.Carry(0), as(h.Trustees[0]))
			v = o.openAs(h.Trustees[0])
			s = sort(t, v).List[0].Summary()
			if s.Withdrawn != "delete" || s.EraseSigned != casefile.AuthorSigned || s.NotSigned != 3 {
				t.Errorf("what the reporter signed: %+v", s)
			}
		})
	}
}
