package duty

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"time"

	"filippo.io/age"

	"zapis/crypto/ledger"
	"zapis/internal/atomicfile"
	"zapis/internal/exit"
)

// state is what somebody on duty has seen, from one run to the next. Its file is JSON, sealed with age to their own key.
type state struct {
	Genesis []byte               `json:"genesis"` // of the ledger, as it was fetched and compared with the card
	LogKeys []ledger.LogKeys     `json:"keys"`    // those that the log has had, the genesis's first
	Signed  int                  `json:"signed"`  // number of the newest of them that signed a batch
	Last    ledger.SignalBatch   `json:"last"`    // the newest batch that was read; zero before the first
	Opened  uint64               `json:"opened"`  // number of the newest batch that opened with this key; 0 where none did
	Reached time.Time            `json:"reached"` // when the server last gave a batch
	Items   map[ledger.Hash]Item `json:"items"`   // by the report's hash, for 14 days
}

// Item is a report that asked for attention.
type Item struct {
	Act, Danger, Deadline, Language string
	Report, Case                    ledger.Hash
	Received                        time.Time
	Rang                            time.Time // when it was first shown here
	Answered                        []string  // sentences that were sent
}

// keptFor is how long items are kept.
const keptFor = 14 * 24 * time.Hour

const maxState = 16 << 20

func loadState(name string, id age.Identity) (*state, error) {
	s := &state{Items: make(map[ledger.Hash]Item)}
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	plain, err := age.Decrypt(f, id)
	if err != nil {
		return nil, exit.New(exit.KeyMissing, "it is another key's; name another with --state", "%s does not open with this key: %w", name, err)
	}
	text, err := io.ReadAll(io.LimitReader(plain, maxState))
	if err == nil {
		err = json.Unmarshal(text, s)
	}
	if err != nil {
		return nil, exit.New(exit.Mismatch, "move it away: what was seen is then shown again", "%s is damaged: %w", name, err)
	}
	return s, nil
}

func (s *state) save(name string, to age.Recipient) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	w, err := age.Encrypt(&b, to)
	if err != nil {
		return err
	}
	if _, err := w.Write(text); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return atomicfile.WriteFile(name, b.Bytes(), 0o600)
}

func (s *state) dropOld(now time.Time) {
	for h, it := range s.Items {
		if now.Sub(it.Rang) > keptFor {
			delete(s.Items, h)
		}
	}
}
