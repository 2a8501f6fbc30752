package casework

import (
	"strconv"
	"strings"
	"zapis/internal/trustee/ledgercopy"
)

// batchNames reports whether a batch event's subject names a submission: by the index that it has now, or by the
// beginning of its hash from before it was an entry.
func batchNames(subject string, s ledgercopy.Submission) bool {
	rest, ok := strings.CutPrefix(subject, "statements")
	if !ok {
		return false
	}
	runs, hashes, _ := strings.Cut(rest, " waiting ")
	for _, hash := range strings.Split(hashes, ",") {
		if len(hash) == 12 && hash == s.Hash.String()[:12] {
			return true
		}
	}
	if s.Waiting {
		return false
	}
	for _, run := range strings.Split(strings.TrimSpace(runs), ",") {
		from, to, ranged := strings.Cut(run, "-")
		if !ranged {
			to = from
		}
		a, err := strconv.ParseUint(from, 10, 64)
		b, err2 := strconv.ParseUint(to, 10, 64)
		if err == nil && err2 == nil && a <= s.Index && s.Index <= b {
			return true
		}
	}
	return false
}
