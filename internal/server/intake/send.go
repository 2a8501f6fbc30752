package intake

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"zapis/crypto/reportcode"
	"zapis/internal/incident"
	"zapis/store"
)

// Result is the receipt for the reporter.
type Result struct {
	Code    reportcode.Code // of the case: new for a report, otherwise the given one
	Promise []byte          // the promise file: the log's signed note, an empty line, the body
}

// Send opens a case: it draws a code, commits, seals, and appends. When it returns without an error, the report is
// durable and promised for a slot. formNonce is the form's hidden field, 32 hex digits; anything else counts as none.
// The draft can't be used after Send, whatever it returns.
func (d *Draft) Send(ctx context.Context, r *incident.Report, formNonce string) (Result, error) {
	defer d.Discard()
	if d.done {
		return Result{}, errDone
	}
	if r.One("narrative") == "" {
		return Result{}, incident.Errors{{Field: "narrative", Code: incident.Required}}
	}
	for range attempts {
		c, err := reportcode.New(rand.Reader)
		if err != nil {
			return Result{}, err
		}
		promise, err := d.sendFirst(ctx, c, r, formNonce)
		if err == nil {
			return Result{c, promise}, nil
		}
		c.Wipe()
		if !errors.Is(err, store.ErrLocatorTaken) { // a code in use, once in 10^24
			return Result{}, err
		}
	}
	return Result{}, ErrAgain
}

func (d *Draft) sendFirst(ctx context.Context, c reportcode.Code, r *incident.Report, formNonce string) ([]byte, error) {
	wait := d.keepAhead()
	keys, err := d.in.derive(ctx, c)
	wait()
	if err != nil {
		return nil, err
	}
	defer keys.Wipe()
	return d.submit(ctx, submission{
		act: incident.ActReport, report: r, keys: keys,
		received: d.received(), form: formBytes(formNonce),
	})
}

// attempts bounds how often a submission is retried because another submission of the same case or new trustees came
// first. After that it is ErrAgain.
const attempts = 8

// SendFollowUp adds to the case of a code: text or files (ActFollowUp), consents (ActConsent), or a withdrawal
// (ActStop, ActDelete). It returns ErrUnknownCode for a code without a case, and incident.Errors for a follow-up
// without content or another act with files. The draft can't be used after it.
func (d *Draft) SendFollowUp(ctx context.Context, c reportcode.Code, act incident.Act, r *incident.Report, formNonce string) (Result, error) {
	defer d.Discard()
	if d.done {
		return Result{}, errDone
	}
	switch {
	case actNumber(act) <= actNumber(incident.ActReport):
		return Result{}, fmt.Errorf("intake: %q does not follow a report", string(act))
	case act == incident.ActFollowUp && len(d.files) == 0 && r.IsEmpty():
		return Result{}, incident.Errors{{Field: incident.FileField, Code: incident.Nothing}}
	case act != incident.ActFollowUp && len(d.files) > 0:
		return Result{}, incident.Errors{{Field: incident.FileField, Code: incident.NotHere}}
	}
	wait := d.keepAhead()
	keys, err := d.in.derive(ctx, c)
	wait()
	if err != nil {
		return Result{}, err
	}
	defer keys.Wipe()
	unlock, err := d.in.cases.Lock(ctx, keys.LocatorName(0))
	if err != nil {
		return Result{}, err
	}
	defer unlock()
	s := submission{act: act, report: r, keys: keys, received: d.received(), form: formBytes(formNonce)}
	for range attempts {
		count, last, err := d.in.lastLocator(keys)
		if err != nil {
			return Result{}, err
		}
		s.number, s.first, s.exhibits, s.last = count, last.First, int(last.Exhibits), last.state
		promise, err := d.submit(ctx, s)
		if err == nil {
			return Result{c, promise}, nil
		}
		if !errors.Is(err, store.ErrLocatorTaken) {
			return Result{}, err
		}
	}
	return Result{}, ErrAgain
}

// received returns the time in the statement: UTC, whole seconds.
func (d *Draft) received() time.Time { return d.in.now().UTC().Truncate(time.Second) }

// submission is everything that is known before sealing.
type submission struct {
	act      incident.Act
	report   *incident.Report
	keys     *reportcode.Keys
	received time.Time
	form     [16]byte
	number   uint64           // of this submission in its case, from 0
	first    [32]byte         // body hash of the case's first report; unused in that report
	exhibits int              // that the case has already
	last     reportcode.State // of the case before this submission
}

// submit commits, seals and appends. It retries when the trustees change meanwhile.
func (d *Draft) submit(ctx context.Context, s submission) ([]byte, error) {
	if err := d.in.space.grant(wordsGrain, false); err != nil {
		return nil, err
	}
	defer d.in.space.landed(wordsGrain)
	for range attempts {
		to, err := d.in.recipients()
		if err != nil {
			return nil, err
		}
		out, err := d.seal(ctx, s, to)
		if err != nil {
			return nil, err
		}
		// A browser that sends twice closes the first connection. A submission that is ready is stored all the same,
		// so that the second copy can be recognised.
		promise, err := d.in.store.Submit(context.WithoutCancel(ctx), out)
		switch {
		case err == nil:
			return promise, nil
		case errors.Is(err, store.ErrBroken):
			// Whether the body reached the disk is known when the ledger is opened again. Until then its files must
			// stay.
			d.abandon()
			return nil, err
		case !errors.Is(err, store.ErrOldSet):
			return nil, err
		}
	}
	return nil, ErrAgain
}
