package ledgercopy

import (
	"context"
	"os"

	"zapis/crypto/ledger"
)

// CheckCheckpoints verifies the signatures of every checkpoint of the copy,
// and that none is dated before a smaller one. Their roots were verified by
// the import. It returns one sentence for each that is wrong; the error means
// that one could not be read.
func (c *Copy) CheckCheckpoints(ctx context.Context) (wrong []string, err error) {
	var last ledger.Checkpoint
	for _, size := range c.slots {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		name, _ := c.Checkpoint(size)
		note, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		log, err := c.chain.Verifier(size)
		if err != nil {
			return nil, err
		}
		signed, err := log.OpenCheckpoint(note)
		if err == nil {
			err = ledger.CheckOrder(last, signed)
			last = signed
		}
		if err != nil {
			wrong = append(wrong, err.Error())
		}
	}
	return wrong, nil
}
