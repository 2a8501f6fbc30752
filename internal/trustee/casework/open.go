package casework

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"zapis/crypto/ledger"
	"zapis/crypto/seal"
	"zapis/internal/evidence/custody"
	"zapis/internal/exit"
	"zapis/internal/incident"
	"zapis/internal/trustee/ledgercopy"
	"zapis/internal/trustee/vault"
)

// errErased means that a tombstone has erased a part.
var errErased = errors.New("erased")

// attachmentsOf lists a submission's attachments in the order of their slots.
func attachmentsOf(b ledger.Body) []ledger.Part {
	var list []ledger.Part
	for _, p := range b.Parts {
		if p.Kind == ledger.PartAttachment {
			list = append(list, p)
		}
	}
	return list
}

func digestOf(p ledger.Part) seal.Digest { return seal.Digest{Hash: p.Hash, Size: p.Size} }

// mayOpen reports whether the key opens a submission's statement: it belongs to its set, or another trustee has handed
// the statement on to it. Where a quorum is missing, closed is the reason.
func (v *Trustee) mayOpen(s ledgercopy.Submission) (may bool, closed string, err error) {
	p, ok := ledgercopy.PartOf(s.Body, ledger.PartStatement)
	if !ok {
		return false, "", fmt.Errorf("%s has no statement", s.Where())
	}
	if handed, err := v.handedKeys(); err != nil {
		return false, "", err
	} else if _, have := handed[p.Hash]; have {
		return true, "", nil
	}
	place, err := v.position(s.Body.Trustees)
	if err != nil {
		return false, "", err
	}
	if mine := place.at > 0; !mine || place.quorum.Statement == 1 {
		return mine, "", nil
	}
	switch closed, err = v.closedBy(s, p); {
	case errors.Is(err, errErased):
		return true, "", nil
	case err != nil:
		return false, "", err
	}
	return closed == "", closed, nil
}

// setPosition is the key's place in a set, from 1, or 0, how many of the set must agree, and the names of what is committed
// under the set's vocabulary.
type setPosition struct {
	at         int
	quorum     ledger.Quorum
	vocabulary int
}

// fieldsOf returns the names of all that a submission commits to, by the vocabulary of the set that it is sealed to.
func (v *Trustee) fieldsOf(s ledgercopy.Submission) ([]string, error) {
	place, err := v.position(s.Body.Trustees)
	if err != nil {
		return nil, err
	}
	return fieldNames(place.vocabulary)
}

// fieldNames is incident.FieldNames for the vocabulary of an imported ledger.
func fieldNames(vocabulary int) ([]string, error) {
	fields, err := incident.FieldNames(vocabulary)
	if err != nil {
		return nil, exit.New(exit.Failed, "get a newer zapis: nothing is wrong with the ledger", "%w", err)
	}
	return fields, nil
}

// position caches its results: there are few sets and many parts. It is safe for concurrent use.
func (v *Trustee) position(index uint64) (setPosition, error) {
	v.lazy.Lock()
	defer v.lazy.Unlock()
	if known, have := v.positions[index]; have {
		return known, nil
	}
	set, err := v.Copy().Chain().SetAt(index)
	if err != nil {
		return setPosition{}, err
	}
	if v.positions == nil {
		v.positions = make(map[uint64]setPosition)
	}
	v.positions[index] = setPosition{ledgercopy.Position(set, v.Key().Card), set.Quorum, set.Vocabulary}
	return v.positions[index], nil
}

// open decrypts one of a submission's small parts. The caller has recorded the act. Errors name the submission and the
// part, and wrap errErased, or one of package seal's.
func (v *Trustee) open(s ledgercopy.Submission, kind string) ([]byte, error) {
	from := v.Copy().Reader()
	defer from.Close()
	return v.openFrom(from, s, kind)
}

// openFrom is open for what opens many parts.
func (v *Trustee) openFrom(from *ledgercopy.PartReader, s ledgercopy.Submission, kind string) ([]byte, error) {
	p, ok := ledgercopy.PartOf(s.Body, kind)
	if !ok {
		return nil, fmt.Errorf("%s has no %s", s.Where(), kind)
	}
	if kind == ledger.PartStatement {
		if content, done, err := v.openAlone(from, s, p); done {
			return content, err
		}
	}
	src, err := v.source(s, p)
	if err != nil {
		return nil, err
	}
	defer src.file.Close()
	id, err := v.keys(src)
	if err != nil {
		return nil, v.refusal(s, p, err)
	}
	content, err := seal.OpenBytes(seal.Kind(kind), src.file, src.want, id)
	if err != nil {
		return nil, v.refusal(s, p, err)
	}
	return content, nil
}

// openAlone is open for a statement that the owner's key opens alone, of which there are thousands: it reads the file
// once, and its header once. Otherwise done is false.
func (v *Trustee) openAlone(from *ledgercopy.PartReader, s ledgercopy.Submission, p ledger.Part) (content []byte, done bool, err error) {
	handed, err := v.handedKeys()
	if err != nil {
		return nil, true, err
	}
	place, err := v.position(s.Body.Trustees)
	if err != nil {
		return nil, true, err
	}
	if _, have := handed[p.Hash]; have || place.at == 0 || place.quorum.Statement > 1 {
		return nil, false, nil
	}
	f, err := from.OpenPart(s, p.Hash)
	if err != nil {
		return nil, true, v.noFile(s, p, err)
	}
	defer f.Close()
	content, err = seal.OpenBytes(seal.Statement, f, digestOf(p), seal.At(place.at, v.Key().Age))
	if err != nil {
		return nil, true, v.refusal(s, p, err)
	}
	return content, true, nil
}

func (v *Trustee) file(s ledgercopy.Submission, p ledger.Part) (*ledgercopy.PartFile, error) {
	f, err := v.Copy().OpenPart(s, p.Hash)
	if err != nil {
		return nil, v.noFile(s, p, err)
	}
	return f, nil
}

// noFile says why a part has no file, where that is what err says.
func (v *Trustee) noFile(s ledgercopy.Submission, p ledger.Part, err error) error {
	if !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if by, erased := v.Copy().ErasedBy(p.Hash); erased {
		return exit.New(exit.Failed, "", "%s: %s: %w by the tombstone of entry %d", s.Where(), p.Kind, errErased, by)
	}
	return exit.New(exit.Mismatch, "take a whole carry file into a new vault", "%s: %s: its file is missing from the vault", s.Where(), p.Kind)
}

// refusal adds the status and hint to an error of package seal.
func (v *Trustee) refusal(s ledgercopy.Submission, p ledger.Part, err error) error {
	status, hint := exit.Failed, ""
	switch coded, ok := errors.AsType[*exit.Error](err); {
	case ok:
		status, hint = coded.Status, coded.Hint // of the hardware that holds the key
	case errors.Is(err, seal.ErrMismatch):
		status, hint = exit.Mismatch, "say so to the other trustees: what does not verify is evidence too"
	case errors.Is(err, seal.ErrQuorum):
		status = exit.KeyMissing
	case errors.Is(err, seal.ErrNoKey):
		// A trustee of the set without a stanza that opens was excluded by the sealer.
		status, hint = exit.Mismatch, "say so to the other trustees: it was sealed so that your key does not open it"
	}
	return exit.New(status, hint, "%s: %s: %w", s.Where(), p.Kind, err)
}

// openStatement opens a submission's statement; fits is nil if it is the one that the entry commits to, or a Mismatch.
func (v *Trustee) openStatement(s ledgercopy.Submission) (st *seal.StatementPart, fits, err error) {
	from := v.Copy().Reader()
	defer from.Close()
	return v.openStatementFrom(from, s)
}

// openStatementFrom is openStatement for what opens many.
func (v *Trustee) openStatementFrom(from *ledgercopy.PartReader, s ledgercopy.Submission) (st *seal.StatementPart, fits, err error) {
	content, err := v.openFrom(from, s, ledger.PartStatement)
	if err != nil {
		return nil, nil, err
	}
	defer clear(content)
	fields, err := v.fieldsOf(s)
	if err != nil {
		return nil, nil, err
	}
	st, err = seal.ParseStatement(content, fields)
	if err != nil {
		return nil, nil, exit.New(exit.Mismatch, "", "%s: statement: %w", s.Where(), err)
	}
	if err := seal.CheckStatement(st, nil, s.Body.Commitments, fields); err != nil {
		fits = exit.New(exit.Mismatch, "", "%s: %w", s.Where(), err)
	}
	if st.First() != (st.Act == string(incident.ActReport)) || (st.Act == "exhibit") != (s.Body.Kind == ledger.KindExhibit) {
		fits = exit.New(exit.Mismatch, "", "%s: its statement says %s, and its entry %s", s.Where(), st.Act, s.Body.Kind)
	}
	return st, fits, nil
}

// recordBatch records in one event that the statements of many submissions will be opened, and names them all.
func (v *Trustee) recordBatch(list []ledgercopy.Submission) error {
	sum := sha256.New()
	for _, s := range list {
		p, _ := ledgercopy.PartOf(s.Body, ledger.PartStatement)
		fmt.Fprintf(sum, "%s\n", p.Hash)
	}
	_, err := v.Custody.Record(custody.Record{By: v.By(), Act: custody.Opened,
		Subject: batchSubject(list), In: custody.Hex([32]byte(sum.Sum(nil)))})
	return err
}

// openedStatement is the result for one statement in a batch.
type openedStatement struct {
	entry     caseIndexEntry
	fits, err error
}

// openStatements opens many statements on all cores, and keeps of each only what the index needs. It wipes the words
// at once: few statements are in memory at a time. The caller has recorded the batch.
func (v *Trustee) openStatements(ctx context.Context, list []ledgercopy.Submission, progress func(int)) ([]openedStatement, error) {
	out := make([]openedStatement, len(list))
	done := make(chan struct{}, 64)
	go func() {
		defer close(done)
		v.onAllCores(ctx, len(list), func(i int, from *ledgercopy.PartReader) {
			out[i] = v.openForIndex(from, list[i])
			done <- struct{}{}
		})
	}()
	n := 0
	for range done {
		n++
		progress(n)
	}
	return out, ctx.Err()
}

// onAllCores calls open for each number below n, in order, with one goroutine for each processor, which has its own reader, and returns
// when all of them have ended. The end of ctx ends it early.
func (v *Trustee) onAllCores(ctx context.Context, n int, open func(i int, from *ledgercopy.PartReader)) {
	defer vault.InBulk()()
	var next atomic.Int64
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			from := v.Copy().Reader()
			defer from.Close()
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				open(i, from)
			}
		})
	}
	workers.Wait()
}

func (v *Trustee) openForIndex(from *ledgercopy.PartReader, s ledgercopy.Submission) (o openedStatement) {
	st, fits, err := v.openStatementFrom(from, s)
	if err != nil {
		return openedStatement{err: err}
	}
	o = openedStatement{entry: newIndexEntry(v.Copy().Chain().Card().Genesis, s, st, fits == nil), fits: fits}
	for _, it := range st.Items {
		if it.Line != nil {
			clear(it.Line.Value)
		}
	}
	return o
}

// batchSubject names submissions: ranges of entries, and waiting ones by the beginning of their hashes.
func batchSubject(list []ledgercopy.Submission) string {
	var b bytes.Buffer
	b.WriteString("statements")
	sep := " "
	for i := 0; i < len(list) && !list[i].Waiting; {
		end := i
		for end+1 < len(list) && !list[end+1].Waiting && list[end+1].Index == list[end].Index+1 {
			end++
		}
		fmt.Fprintf(&b, "%s%d", sep, list[i].Index)
		if end > i {
			fmt.Fprintf(&b, "-%d", list[end].Index)
		}
		i, sep = end+1, ","
	}
	word := " waiting "
	for _, s := range list {
		if s.Waiting {
			b.WriteString(word + s.Hash.String()[:12])
			word = ","
		}
	}
	return b.String()
}

// sortSubmissions puts submissions in the order that batchSubject needs: entries by index, then those that wait.
func sortSubmissions(list []ledgercopy.Submission) {
	slices.SortStableFunc(list, func(a, b ledgercopy.Submission) int {
		switch {
		case a.Waiting != b.Waiting && a.Waiting:
			return 1
		case a.Waiting != b.Waiting:
			return -1
		}
		return cmp.Compare(a.Index, b.Index)
	})
}
