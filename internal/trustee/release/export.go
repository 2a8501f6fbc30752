package release

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"zapis/internal/evidence/custody"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/export"
)

// ExportOptions are the options of a conversion.
type ExportOptions struct {
	Format   export.Format
	To       casefile.Addressee
	Identity bool
	Excel    bool // a table begins with a byte order mark
	Leave    casefile.Leave
	Progress func(done, of int) // called with the number of cases read
}

// Export converts cases for an addressee. It records one event for all of them and then calls write with the text. A
// context that ends stops it before that event.
func Export(ctx context.Context, t *casework.Trustee, cases []*casework.Case, o ExportOptions, write func(text []byte) error) (export.Output, error) {
	if err := export.Check(o.Format, o.To, len(cases), o.Identity); err != nil {
		return export.Output{}, err
	}
	g := gate{t}
	var out export.Output
	err := g.pass(request{kind: toAddressee, cases: cases, to: o.To, leave: o.Leave, identity: o.Identity,
		read: func() ([]*casefile.Case, error) { return g.readAll(ctx, cases, o) },
		prepare: func(opened []*casefile.Case) (records []custody.Record, err error) {
			in := export.Input{To: o.To, WithIdentity: o.Identity, Excel: o.Excel}
			var whys []string
			for _, c := range opened {
				in.Cases = append(in.Cases, *c)
				if why := c.Allowed.Why(o.To, o.Leave); why != "" && !slices.Contains(whys, why) {
					whys = append(whys, why)
				}
			}
			if out, err = export.Write(o.Format, in); err != nil {
				return nil, err
			}
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			record, err := g.exportOf(opened, fmt.Sprintf("%s for %s", o.Format, o.To.English), o.Identity, out.Text, strings.Join(whys, "\n"))
			return []custody.Record{record}, err
		},
		act: func() error { return write(out.Text) }})
	return out, err
}

// exportOf returns the event of an export: of the one case, or of many, whose list is stored first.
func (g gate) exportOf(opened []*casefile.Case, what string, identity bool, text []byte, why string) (custody.Record, error) {
	if len(opened) == 1 {
		return exportRecord(opened[0].ID, what, identity, text, why), nil
	}
	ids := make([]string, len(opened))
	for i, c := range opened {
		ids[i] = c.ID
	}
	record := exportRecord("", fmt.Sprintf("%s, of %d cases", what, len(ids)), identity, text, why)
	list, err := g.WriteExportList(ids)
	record.In = list.String()
	if len(record.Why) > custody.MaxWhy {
		record.Why = fmt.Sprintf("%d reasons, by case", len(strings.Split(why, "\n")))
	}
	return record, err
}

// readAll opens the cases: one as show does, many with one event for all.
func (g gate) readAll(ctx context.Context, cases []*casework.Case, o ExportOptions) ([]*casefile.Case, error) {
	if len(cases) == 1 {
		one, err := g.Show(cases[0])
		if err == nil && o.Format == export.CaseUCO {
			one.Custody, err = g.CaseEvents(one.ID)
		}
		return []*casefile.Case{one}, err
	}
	batch, err := g.OpenBatch(cases, o.Identity)
	if err != nil {
		return nil, err
	}
	var list []*casefile.Case
	for i, c := range cases {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		one, err := batch.Read(c)
		if err != nil {
			return nil, err
		}
		list = append(list, one)
		o.Progress(i+1, len(cases))
	}
	return list, nil
}
