package casework_test

import (
	"strings"
	"testing"

	"zapis/crypto/reporterkey"
	"zapis/internal/incident"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/vault/vaulttest"
)

// Whoever runs the intake, with what one trustee can read out of a statement (the mailbox and the secret of its tags),
// can put something into a case, and can't make it count: the reporter's key is not among what they have.
func TestASubmissionThatTheReporterDidNotSignCountsForNothing(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		lie  func(f *forged, key reporterkey.Fingerprint)
		want casework.Authorship
	}{
		{"unsigned", func(f *forged, key reporterkey.Fingerprint) { f.named = key }, casework.AuthorUnsigned},
		{"signed with a stranger's key under the reporter's name", func(f *forged, key reporterkey.Fingerprint) {
			f.named, f.sign = key, strangersKey(t, 3)
		}, casework.AuthorWrong},
		{"signed with a stranger's key", func(f *forged, _ reporterkey.Fingerprint) {
			f.key, f.sign = strangersKey(t, 3), strangersKey(t, 3)
		}, casework.AuthorWrong},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := vaulttest.New(t, vaulttest.Options{Trustees: []string{"anna"}})
			filed := h.Report(nil)
			o := newVault(t)
			o.mustTake(h.Carry(0), as(h.Trustees[0]))
			v := o.openAs(h.Trustees[0])
			st := show(t, v, filed.Case).Submissions[0].Statement
			v.Close()
			for _, act := range []string{"consent", "stop", "delete"} {
				f := forged{act: act, first: filed.Body, mailbox: st.Mailbox, tags: st.Tags, answers: map[string]string{}}
				if act == "consent" {
					f.answers = map[string]string{"consent": `["store","lawyer","state","publish"]`}
				}
				tt.lie(&f, st.Key)
				f.submit(t, h)
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
					t.Errorf("%s: %s", sub.Statement.Act, sub.Author)
				}
			}
			err := c.Standing().Check(lawyer, casefile.Leave{})
			if err != nil {
				t.Errorf("a bundle for a lawyer: %v", err)
			}
			v.Close()
			h.FollowUp(filed, incident.ActDelete, nil)
			o.mustTake(h.Carry(0), as(h.Trustees[0]))
			v = o.openAs(h.Trustees[0])
			s = sort(t, v).List[0].Summary()
			if s.Withdrawn != "delete" || s.EraseSigned != casework.AuthorSigned || s.NotSigned != 3 {
				t.Errorf("what the reporter signed: %+v", s)
			}
		})
	}
}
