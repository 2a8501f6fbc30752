package main

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// The plot is a grid of small log-log panels, one for each verb, all of the same scale: cases from 100 to 100,000
// across, processor time from 10 ms to 1,000 s up. The grey line grows with n log n.
const (
	panelWide, panelHigh = 170, 120 // of the drawn field, in user units
	gapWide, gapHigh     = 34, 40
	across               = 4
	leastCases           = 2 // log10
	mostCases            = 5
	leastTime            = 1 // log10 of ms
	mostTime             = 6
)

func placeX(cases float64) float64 {
	return (math.Log10(cases) - leastCases) / (mostCases - leastCases) * panelWide
}

func placeY(ms float64) float64 {
	return panelHigh - (math.Log10(max(ms, 10))-leastTime)/(mostTime-leastTime)*panelHigh
}

// plot returns an SVG of its own, without script, style sheet or font.
func plot(figures []figure) string {
	rows := table(figures)
	wide := across*(panelWide+gapWide) + gapWide
	high := (len(rows)+across-1)/across*(panelHigh+gapHigh) + gapHigh
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="9" fill="#222">`+"\n", wide, high)
	fmt.Fprintf(&b, `<title>Processor time of each verb against the number of cases</title><rect width="%d" height="%d" fill="#fff"/>`+"\n", wide, high)
	for i, r := range rows {
		fmt.Fprintf(&b, `<g transform="translate(%d %d)">`, gapWide+i%across*(panelWide+gapWide), gapHigh/2+i/across*(panelHigh+gapHigh))
		panel(&b, r)
		b.WriteString("</g>\n")
	}
	b.WriteString("</svg>\n")
	return b.String()
}

func panel(b *strings.Builder, r row) {
	color := "#05a"
	if r.worse() {
		color = "#c00"
	}
	fmt.Fprintf(b, `<text y="-4" font-size="10">%s: power %.2f</text>`, html.EscapeString(r.verb), r.slope)
	for e := leastCases; e <= mostCases; e++ {
		x := placeX(math.Pow10(e))
		fmt.Fprintf(b, `<path d="M%.1f 0V%d" stroke="#ddd"/><text x="%.1f" y="%d" text-anchor="middle">%s</text>`, x, panelHigh, x, panelHigh+10, caseLabels[e-leastCases])
	}
	for e := leastTime; e <= mostTime; e++ {
		y := placeY(math.Pow10(e))
		fmt.Fprintf(b, `<path d="M0 %.1fH%d" stroke="#ddd"/><text x="-3" y="%.1f" text-anchor="end">%s</text>`, y, panelWide, y+3, timeLabels[e-leastTime])
	}
	if len(r.figures) == 0 {
		return
	}
	last := r.figures[len(r.figures)-1]
	var line, limit strings.Builder
	for i, f := range r.figures {
		n := float64(f.cases)
		nLogN := last.cpu * n * math.Log(n) / (float64(last.cases) * math.Log(float64(last.cases)))
		letter := "L"
		if i == 0 {
			letter = "M"
		}
		fmt.Fprintf(&line, "%s%.1f %.1f", letter, placeX(n), placeY(f.cpu))
		fmt.Fprintf(&limit, "%s%.1f %.1f", letter, placeX(n), placeY(nLogN))
		fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="2" fill="%s"/>`, placeX(n), placeY(f.cpu), color)
	}
	fmt.Fprintf(b, `<path d="%s" fill="none" stroke="#999" stroke-dasharray="3 2"/><path d="%s" fill="none" stroke="%s"/>`, limit.String(), line.String(), color)
}

var (
	caseLabels = []string{"100", "1,000", "10,000", "100,000"}
	timeLabels = []string{"10 ms", "0.1 s", "1 s", "10 s", "100 s", "1,000 s"}
)
