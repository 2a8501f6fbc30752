package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"time"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/crypto/seal"
	"zapis/internal/exit"
)

// Write makes the bundle and writes it as a zip. Before the first byte is
// written, every original has been read and compared with its disclosure line,
// and the whole bundle has passed the examination of Check: what does not
// verify is refused with exit.Mismatch, and nothing is written.
//
// Memory does not grow with the originals, which are read twice.
func Write(w io.Writer, in Input) error {
	d, err := draft(&in)
	if err != nil {
		return err
	}
	var report Report
	x := newExamination(d.bag, Options{}, &report)
	x.rendered = d.rendered
	x.all()
	report.settle()
	if !report.OK {
		return exit.New(exit.Mismatch, "nothing was written", "the bundle would not verify: %s", strings.Join(report.Faults, "; "))
	}
	z := &zipWriter{w: w, date: firstDate}
	for _, path := range d.bag.paths() {
		if text, ok := d.bag.texts[path]; ok {
			err = z.add(path, int64(len(text)), crc32.ChecksumIEEE(text), bytes.NewReader(text))
		} else {
			err = d.copy(z, path)
		}
		if err != nil {
			return err
		}
	}
	return z.close()
}

// A drafted bundle is complete except for the originals' bytes.
type drafted struct {
	bag       *bag
	originals map[string]original
	rendered  *rendering
}

type original struct {
	crc  uint32
	open func() (io.ReadCloser, error)
}

func (d *drafted) copy(z *zipWriter, path string) error {
	o := d.originals[path]
	r, err := o.open()
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	err = z.add(path, d.bag.sizes[path], o.crc, r)
	return errors.Join(err, r.Close())
}

// draft builds every file of the bundle.
func draft(in *Input) (*drafted, error) {
	if err := checkInput(in); err != nil {
		return nil, err
	}
	found, err := Search(*in)
	if err != nil {
		return nil, err
	}
	in.Withhold = slices.Concat(in.Withhold, found.Located)
	d := &drafted{bag: newBag(), originals: make(map[string]original)}
	c, err := d.addLedger(in)
	if err != nil {
		return nil, err
	}
	d.bag.dated = true
	r := record{Format: recordFormats[version2], Ledger: in.Ledger.String()}
	for n := range in.Submissions {
		s, body, err := d.addSubmission(in, c, n)
		if err != nil {
			return nil, fmt.Errorf("submission %d: %w", n+1, err)
		}
		if n == 0 {
			r.Case = caseID(body)
		}
		r.Submissions = append(r.Submissions, s)
	}
	if err := d.addRecord(r); err != nil {
		return nil, err
	}
	if err := d.addDerived(in); err != nil {
		return nil, err
	}
	d.bag.add(custodyPath, in.Custody.Marshal())
	return d, d.addPapers(in, c, r)
}

func checkInput(in *Input) error {
	in.Time = in.Time.UTC().Truncate(time.Second)
	switch {
	case in.Signer == nil:
		return exit.New(exit.KeyMissing, "", "a bundle is signed, and there is no key to sign it with")
	case len(in.Submissions) == 0 || len(in.Submissions) > maxSubmissions:
		return fmt.Errorf("a bundle is made of 1 to %d submissions, not %d", maxSubmissions, len(in.Submissions))
	case in.Tool == "" || strings.TrimSpace(in.Tool) != in.Tool || strings.ContainsFunc(in.Tool, func(r rune) bool { return r < ' ' || r > '~' }):
		return fmt.Errorf("the tool's name and version are not a line of plain text")
	}
	if !in.Forum.Valid() {
		return exit.New(exit.Usage, "leave it out, or say us", "there is no form of certificate for %s", printable(string(in.Forum)))
	}
	return checkChoices(in)
}

// addLedger adds the governing entries, with their proofs.
func (d *drafted) addLedger(in *Input) (*governance, error) {
	var entries []governing
	for _, p := range in.Public {
		e, err := ledger.ParseEntry(p.Entry)
		if err != nil {
			return nil, exit.New(exit.Mismatch, "", "%w", err)
		}
		entries = append(entries, governing{e.Index, p.Entry, p.Body})
		d.addPublic(e.Index, p)
	}
	for _, p := range in.CustodyHeads {
		e, err := ledger.ParseEntry(p.Entry)
		if err != nil {
			return nil, exit.New(exit.Mismatch, "", "%w", err)
		}
		d.addPublic(e.Index, p)
	}
	if err := d.addAnchors(in); err != nil {
		return nil, err
	}
	d.bag.add(checkpointPath, in.Checkpoint)
	c, err := readGovernance(entries)
	if err != nil {
		return nil, exit.New(exit.Mismatch, "", "%w", err)
	}
	if c.Card != in.Ledger {
		return nil, exit.New(exit.Mismatch, "", "the entries are of the ledger %s, not of %s", c.Card, in.Ledger)
	}
	return c, nil
}

// addSubmission adds the place, the listing and the shown lines of a submission.
func (d *drafted) addSubmission(in *Input, c *governance, n int) (submission, ledger.Body, error) {
	s := in.Submissions[n]
	p, err := d.addPlace(c, n, s)
	if err != nil {
		return submission{}, ledger.Body{}, err
	}
	fields, err := c.fieldsOf(p.Body)
	if err != nil {
		return submission{}, ledger.Body{}, exit.New(exit.Mismatch, "", "%w", err)
	}
	listing, err := seal.ParseListing(s.Listing, fields)
	if err != nil {
		return submission{}, ledger.Body{}, exit.New(exit.Mismatch, "", "%s: %w", listingName, err)
	}
	shown, why, err := choose(in, s, listing)
	if err != nil {
		return submission{}, ledger.Body{}, err
	}
	folder := disclosureFolder(n)
	d.bag.add(folder+listingName, s.Listing)
	for field, l := range shown.Lines {
		d.bag.add(folder+field+".json", l.Marshal())
	}
	built, err := assemble(n, p, s.Act, s.Received.UTC().Format(timeLayout), shown, why,
		func(a seal.AttachmentValue) string { return attachmentPath(version2, a, "") })
	if err != nil {
		return submission{}, ledger.Body{}, err
	}
	for _, a := range built.Attachments {
		if err := d.addOriginal(s, a); err != nil {
			return submission{}, ledger.Body{}, err
		}
	}
	if err := d.addKeys(n, s, shown); err != nil {
		return submission{}, ledger.Body{}, err
	}
	return built, p.Body, nil
}

func (d *drafted) addPlace(c *governance, n int, s Submission) (place, error) {
	if s.Entry == nil {
		p, err := c.openPromise(s.Promise)
		if err != nil {
			return place{}, exit.New(exit.Mismatch, "", "%w", err)
		}
		body, err := p.ParsedBody()
		if err != nil {
			return place{}, exit.New(exit.Mismatch, "", "%w", err)
		}
		d.bag.add(promisePathOf(n, p.Body), s.Promise)
		return place{Wait: &p, Body: body}, nil
	}
	e, err := ledger.ParseEntry(s.Entry)
	if err != nil {
		return place{}, exit.New(exit.Mismatch, "", "%w", err)
	}
	d.bag.add(entryPath(e.Index), s.Entry)
	d.bag.add(receiptPathOf(n, e.Index), s.Receipt)
	before, own := slotPaths(e.Index)
	if s.SlotBefore != nil {
		d.bag.add(before, s.SlotBefore)
	}
	if s.Slot != nil {
		d.bag.add(own, s.Slot)
	}
	return place{Entry: &e, Body: e.Body}, nil
}

// addOriginal reads a disclosed attachment once, for its hash and its CRC.
func (d *drafted) addOriginal(s Submission, a exhibit) error {
	var open func() (io.ReadCloser, error)
	for _, given := range s.Attachments {
		if given.Exhibit == a.Exhibit {
			open = given.Open
		}
	}
	if open == nil {
		return fmt.Errorf("%s is to be shown, and its file was not opened", a.Exhibit)
	}
	if _, twice := d.originals[a.File]; twice {
		return exit.New(exit.Mismatch, "", "the exhibit number %s is there twice", a.Exhibit)
	}
	r, err := open()
	if err != nil {
		return fmt.Errorf("%s: %w", a.Exhibit, err)
	}
	sum, crc := sha256.New(), crc32.NewIEEE()
	size, err := io.CopyBuffer(io.MultiWriter(sum, crc), r, make([]byte, 256<<10))
	if err = errors.Join(err, r.Close()); err != nil {
		return fmt.Errorf("%s: %w", a.Exhibit, err)
	}
	d.bag.sums[a.File] = [32]byte(sum.Sum(nil))
	d.bag.sizes[a.File] = size
	if hex.EncodeToString(sum.Sum(nil)) != a.SHA256 || size != a.Size {
		return exit.New(exit.Mismatch, "", "%s is not the file that was committed to", a.Exhibit)
	}
	d.originals[a.File] = original{crc.Sum32(), open}
	return nil
}

func (d *drafted) addRecord(r record) error {
	text, err := r.marshal()
	if err != nil {
		return err
	}
	plain, err := r.text()
	if err != nil {
		return err
	}
	d.bag.add(recordPath, text)
	d.bag.add(recordTextPath, plain)
	return nil
}

// addPapers adds the documents and the files around the payload, and signs it.
func (d *drafted) addPapers(in *Input, c *governance, r record) error {
	info := bagInfo{
		Tool: in.Tool, Made: in.Time, Case: r.Case, Version: version2, Documents: documentsVersion, Forum: in.Forum,
		Signer: in.Signer.Name(), Fingerprint: in.Signer.Fingerprint(),
	}
	for _, s := range r.Submissions {
		info.Identity = info.Identity || showsIdentity(s)
	}
	signer, ok := c.signer(info.Signer)
	if !ok || signer.Fingerprint() != info.Fingerprint {
		return exit.New(exit.KeyMissing, "a bundle is signed by a trustee in force",
			"%s with the key %s is not among the trustees of entry %d", info.Signer, info.Fingerprint, c.SetAt)
	}
	if err := d.addDocuments(info); err != nil {
		return err
	}
	list := make(manifest)
	for path, sum := range d.bag.sums {
		if !strings.HasPrefix(path, payload) {
			continue
		}
		list[path] = sum
		info.Files++
		info.Bytes += d.bag.sizes[path]
	}
	d.bag.add(bagitPath, []byte(bagitText))
	d.bag.add(bagInfoPath, info.marshal())
	d.bag.add(manifestPath, list.marshal())
	d.bag.add(signersPath, allowedSigners(signer))
	papers := make(manifest)
	for path, sum := range d.bag.sums {
		if !strings.HasPrefix(path, payload) {
			papers[path] = sum
		}
	}
	d.bag.add(tagManifestPath, papers.marshal())
	signature, err := in.Signer.Sign(card.NamespaceBundle, d.bag.texts[tagManifestPath])
	if err != nil {
		return err
	}
	d.bag.add(signaturePath, signature)
	return nil
}

// addDocuments examines the files so far, and generates the documents from
// them as a checker does.
func (d *drafted) addDocuments(info bagInfo) error {
	report := new(Report)
	x := newExamination(d.bag, Options{}, report)
	x.info = info
	for _, step := range []func(){x.ledger, x.submissions, x.times, x.custody} {
		if step(); len(report.Faults) > 0 {
			return exit.New(exit.Mismatch, "nothing was written", "the bundle would not verify: %s", strings.Join(report.Faults, "; "))
		}
	}
	made, err := x.render()
	for _, doc := range made {
		d.bag.add(doc.path, doc.data)
	}
	d.rendered = x.rendered
	return err
}
