package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"

	"zapis/crypto/ledger"
	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/exit"
	"zapis/store"
)

type statusVerb struct {
	Dir  string `required:"" placeholder:"D" help:"The ledger's folder."`
	JSON bool   `help:"As JSON."`
}

// status is the state of a ledger, for its operator and their monitor. It does not show when a report came: the number
// of waiting bodies is rounded up, and totals are as of the last slot.
type status struct {
	Ledger    string      `json:"ledger"` // the ledger's card
	Served    bool        `json:"served"`
	Entries   uint64      `json:"entries"`
	LastSlot  time.Time   `json:"last_slot"`
	Waiting   int         `json:"waiting_at_most"`
	Parts     partCount   `json:"parts"`
	Erasing   bool        `json:"erasing"` // a compaction is owed: bytes of what was erased are still in the database
	Held      int         `json:"holds"`
	Anchor    *pastStep   `json:"last_anchor"` // null where there is none
	Cosigned  *pastStep   `json:"last_cosigned"`
	Disks     []diskSpace `json:"disks"`
	Database  int64       `json:"database_bytes"`
	Attention []string    `json:"attention"` // what the operator must do, in sentences
}

type partCount struct {
	Number int64 `json:"number"`
	Bytes  int64 `json:"bytes"`
}

// pastStep is a checkpoint that outside evidence confirms.
type pastStep struct {
	Entries uint64    `json:"entries"`
	Slot    time.Time `json:"slot"`
}

// owedCompaction asks the operator to act: each slot retries, and fails for the same reason.
func owedCompaction(shared bool) string {
	if shared {
		return "a compaction is owed: run zapisd compact while no export and no check is under way, on any host"
	}
	return "a compaction is owed: make room on the disk for a second ledger.db, and run zapisd compact"
}

// waitingStep is the multiple that the number of waiting bodies is rounded up to, as a slot is padded.
const waitingStep = 32

func (v *statusVerb) Run(ctx context.Context, s *cli.Streams) error {
	served, err := answers(v.Dir)
	if err != nil {
		return err
	}
	var st status
	if err := (&openLedger{ctx: ctx, dir: v.Dir, s: s}).call("status", struct{}{}, &st); err != nil {
		return err
	}
	if st.Served = served; !served {
		mute, err := signsNothing(v.Dir)
		if err != nil {
			return err
		}
		st.Attention = append(st.Attention, mute...)
		st.Attention = append(st.Attention, "nobody serves this ledger: no report can be sent")
	}
	if v.JSON {
		return escape.JSON(s.Out, st)
	}
	st.print(s.Out)
	return nil
}

// signsNothing returns the reasons why an unserved ledger would not sign.
func signsNothing(dir string) (list []string, err error) {
	if _, err := os.Stat(filepath.Join(dir, guardFile)); errors.Is(err, fs.ErrNotExist) {
		list = append(list, "it signs nothing: it was restored, and nobody has said what the newest checkpoint is (zapisd restore --newest)")
	}
	why, err := lacksKey(dir)
	if why != "" {
		list = append(list, "it signs nothing: "+why)
	}
	return list, err
}

// answers reports whether a process serves the folder.
func answers(dir string) (bool, error) {
	path, release, err := socketIn(dir, controlSocket)
	if err != nil {
		return false, err
	}
	defer release()
	conn, err := net.Dial("unix", path)
	if err != nil {
		return false, nil
	}
	return true, conn.Close()
}

func (st status) print(w io.Writer) {
	line := func(name, format string, args ...any) {
		escape.Fprintf(w, "%-12s%s\n", name, fmt.Sprintf(format, args...))
	}
	yes := map[bool]string{true: "yes", false: "no"}
	step := func(p *pastStep) string {
		if p == nil {
			return "never"
		}
		return fmt.Sprintf("the slot of %s (%s)", p.Slot.Format(time.RFC3339), entries(p.Entries))
	}
	line("ledger", "%s", st.Ledger)
	line("served", "%s", yes[st.Served])
	line("entries", "%d", st.Entries)
	line("last slot", "%s", st.LastSlot.Format(time.RFC3339))
	line("waiting", "at most %d", st.Waiting)
	line("parts", "%d, %s", st.Parts.Number, rounded(st.Parts.Bytes))
	if st.Erasing {
		line("erasing", "not done: the database still has bytes of what was erased")
	}
	if st.Held > 0 {
		line("holds", "%d in force", st.Held)
	}
	line("cosigned", "%s", step(st.Cosigned))
	line("anchored", "%s", step(st.Anchor))
	line("database", "%s", rounded(st.Database))
	for _, d := range st.Disks {
		line("disk", "%s: %d%% free, %s of %s", d.Path, d.FreePercent, rounded(d.Free), rounded(d.Size))
	}
	for _, n := range st.Attention {
		line("attention", "%s", n)
	}
}

// rounded formats bytes with a unit, to a tenth.
func rounded(n int64) string {
	for _, u := range units[:len(units)-1] {
		if n >= u.bytes {
			return fmt.Sprintf("%.1f%s", float64(n)/float64(u.bytes), u.letter)
		}
	}
	return fmt.Sprintf("%d bytes", n)
}

// tellStatus is the operation: the status of an open ledger.
func tellStatus(ctx context.Context, st *store.Store, to reporter) error {
	s := status{Ledger: st.Card().String(), Held: len(st.Held())}
	if err := s.count(ctx, st); err != nil {
		return err
	}
	_, last := st.LatestCheckpoint()
	s.Entries, s.LastSlot = last.Size, last.Time
	if err := s.lookAtWitnesses(st); err != nil {
		return err
	}
	var err error
	if s.Erasing, err = st.Erasing(); err != nil {
		return err
	}
	if s.Disks, err = disksOf(st.Dir()); err != nil {
		return err
	}
	if s.Database, err = st.DatabaseSize(); err != nil {
		return err
	}
	s.Attention = troubles(st, s.Disks, time.Now())
	if s.Erasing {
		s.Attention = append(s.Attention, owedCompaction(st.Shared()))
	}
	if text := warningOf(st); text != "" {
		s.Attention = append(s.Attention, text)
	}
	return reply(to, s)
}

// count reads the entries once, and counts their parts and the last anchor.
func (s *status) count(ctx context.Context, st *store.Store) error {
	return st.Snapshot(func(n *store.Snapshot) error {
		waiting := n.WaitingCount()
		s.Waiting = max(waitingStep, (waiting+waitingStep-1)/waitingStep*waitingStep)
		var anchored *ledger.Part
		err := n.Entries(0, func(index uint64, text []byte) error {
			e, err := ledger.ParseEntry(text)
			if err != nil {
				return exit.New(exit.Mismatch, "zapisd check says all that is wrong", "entry %d: %w", index, err)
			}
			for _, p := range e.Body.Parts {
				s.Parts.Number++
				s.Parts.Bytes += p.Size
			}
			if e.Body.Kind == ledger.KindAnchor && len(e.Body.Parts) == 1 {
				anchored = &e.Body.Parts[0]
			}
			return ctx.Err()
		})
		if err != nil || anchored == nil {
			return err
		}
		s.Anchor, err = stepOf(n, st, *anchored)
		return err
	})
}

// stepOf returns the checkpoint that an anchor is about.
func stepOf(n *store.Snapshot, st *store.Store, p ledger.Part) (*pastStep, error) {
	body, err := smallPart(n, p)
	if err != nil {
		return nil, err
	}
	a, err := ledger.ParseAnchor(body)
	if err != nil {
		return nil, err
	}
	return stepAt(st, a.Size)
}

// stepAt returns the step at the checkpoint of a size.
func stepAt(st *store.Store, size uint64) (*pastStep, error) {
	p := &pastStep{Entries: size}
	note, err := st.Checkpoint(size)
	if err != nil {
		return nil, err
	}
	c, err := st.Verifier().OpenCheckpoint(note)
	if err == nil { // else an earlier key of the log has signed it; then only the size is known
		p.Slot = c.Time
	}
	return p, nil
}

func (s *status) lookAtWitnesses(st *store.Store) error {
	sizes, err := st.CosignedSizes()
	if err != nil || len(sizes) == 0 {
		return err
	}
	var latest uint64
	for _, size := range sizes {
		latest = max(latest, size)
	}
	s.Cosigned, err = stepAt(st, latest)
	if errors.Is(err, store.ErrUnknown) { // lines from before the newest database was brought back
		s.Cosigned, err = nil, nil
	}
	return err
}
