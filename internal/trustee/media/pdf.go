package media

import (
	"bytes"
	"context"
	"errors"
	"image"
	"io"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/klippa-app/go-pdfium"
	pdferrors "github.com/klippa-app/go-pdfium/errors"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/webassembly"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

// pdfMemory is the memory limit of PDFium, in WebAssembly pages of 64 KiB.
const pdfMemory = 12_288 // 768 MiB

// pdfiumPool compiles PDFium once per worker; each request gets an instance with memory of its own. The empty FSConfig
// matters: without one, the module mounts the root of the file system.
var pdfiumPool = sync.OnceValues(func() (pdfium.Pool, error) {
	return webassembly.Init(webassembly.Config{
		MaxIdle: 0, MaxTotal: 1,
		FSConfig: wazero.NewFSConfig(),
		Stdout:   io.Discard, Stderr: io.Discard,
		RuntimeConfig: wazero.NewRuntimeConfig().
			WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesExceptionHandling).
			WithMemoryLimitPages(pdfMemory),
	})
})

// A document is a PDF that is open.
type document struct {
	pdfium.Pdfium
	ref   references.FPDF_DOCUMENT
	pages int
}

func openPDF(data []byte) (*document, error) {
	pool, err := pdfiumPool()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), DefaultTimeout)
	defer cancel()
	instance, err := pool.GetInstanceWithContext(ctx)
	if err != nil {
		return nil, err
	}
	d := &document{Pdfium: instance}
	opened, err := d.OpenDocument(&requests.OpenDocument{File: &data})
	if err != nil {
		_ = d.Close()
		if errors.Is(err, pdferrors.ErrPassword) || strings.Contains(err.Error(), pdferrors.ErrPassword.Error()) {
			return nil, refuse(Password)
		}
		return nil, err
	}
	d.ref = opened.Document
	count, err := d.FPDF_GetPageCount(&requests.FPDF_GetPageCount{Document: d.ref})
	if err != nil {
		_ = d.Close()
		return nil, err
	}
	d.pages = count.PageCount
	return d, nil
}

// render draws a page so that its longest side has side pixels, and returns its size in points.
func (d *document) render(page, side int) (img image.Image, width, height float64, err error) {
	if page < 0 || page >= d.pages {
		return nil, 0, 0, refuse(NoSuchPage)
	}
	at := requests.Page{ByIndex: &requests.PageByIndex{Document: d.ref, Index: page}}
	size, err := d.GetPageSize(&requests.GetPageSize{Page: at})
	if err != nil {
		return nil, 0, 0, err
	}
	drawn, err := d.RenderPageInPixels(&requests.RenderPageInPixels{Page: at, Width: side, Height: side})
	if err != nil {
		return nil, 0, 0, err
	}
	defer drawn.Cleanup()
	return fit(drawn.Result.RenderedImage, side), size.Width, size.Height, nil
}

func showPDF(r *Request, v *View) error {
	d, err := openPDF(r.Data)
	if err != nil {
		return err
	}
	defer d.Close()
	img, width, height, err := d.render(r.Page, r.Side)
	if err != nil {
		return err
	}
	v.Shape, v.Pages = ShapePages, d.pages
	if err := show(img, r, v, true); err != nil {
		return err
	}
	v.Width, v.Height = scaled(width, height)
	d.describe(v)
	return nil
}

// scaled returns the size of a redacted page, in pixels.
func scaled(width, height float64) (w, h int) {
	long := max(width, height, 1)
	return max(1, int(math.Ceil(width*redactSide/long))), max(1, int(math.Ceil(height*redactSide/long)))
}

// describe adds the document's metadata. Scripts are never run: this build of PDFium has no engine for them.
func (d *document) describe(v *View) {
	tags, err := d.GetMetaData(&requests.GetMetaData{Document: d.ref})
	if err != nil {
		return
	}
	for _, t := range tags.Tags {
		v.field("PDF", t.Tag, t.Value)
	}
}

// scripted looks for scripts and for actions that start by themselves.
func scripted(data []byte) bool {
	starts := []string{"/JavaScript", "/JS ", "/JS(", "/Launch", "/OpenAction", "/AA "}
	return slices.ContainsFunc(starts, func(name string) bool { return bytes.Contains(data, []byte(name)) })
}
