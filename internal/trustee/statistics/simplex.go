package statistics

import (
	"errors"
	"math"
)

// program is a linear program in variables that are at least 0:
//
//	maximise c·x where rows[i].coef · x  = rows[i].bound (or ≤, where atMost)
//
// It is solved by the two-phase simplex method on one dense tableau; the first phase runs once for all objectives.
// gonum's lp.Simplex is documented to refuse dependent rows, which margins always are.
type program struct {
	tab   [][]float64 // one row for each constraint; the last column is the bound
	basis []int       // by row: the variable that it is solved for
}

type row struct {
	coef   map[int]float64
	bound  float64
	atMost bool
}

const tiny = 1e-9

var errInfeasible = errors.New("statistics: no counts fit what was published")

// newProgram finds a first solution. It fails where there is none.
func newProgram(variables int, rows []row) (*program, error) {
	slacks := 0
	for _, r := range rows {
		if r.atMost {
			slacks++
		}
	}
	p := &program{basis: make([]int, len(rows))}
	width := variables + slacks + len(rows) + 1
	slack := variables
	for i, r := range rows {
		line := make([]float64, width)
		for v, c := range r.coef {
			line[v] = c
		}
		line[width-1] = r.bound
		if r.atMost {
			line[slack] = 1
			slack++
		}
		if line[width-1] < 0 {
			for k := range line {
				line[k] = -line[k]
			}
		}
		artificial := variables + slacks + i
		line[artificial] = 1
		p.basis[i] = artificial
		p.tab = append(p.tab, line)
	}
	objective := make([]float64, width-1)
	for k := variables + slacks; k < width-1; k++ {
		objective[k] = -1
	}
	if best := p.maximise(objective); best < -1e-6 {
		return nil, errInfeasible
	}
	p.dropArtificial(variables + slacks)
	return p, nil
}

// dropArtificial removes the first phase's variables, and rows that depend on others.
func (p *program) dropArtificial(width int) {
	kept := 0
	for i := range p.tab {
		if p.basis[i] >= width {
			for k := range width {
				if math.Abs(p.tab[i][k]) > 1e-7 {
					p.pivot(i, k, nil)
					break
				}
			}
		}
		if p.basis[i] < width {
			p.tab[kept], p.basis[kept] = p.tab[i], p.basis[i]
			kept++
		}
	}
	p.tab, p.basis = p.tab[:kept], p.basis[:kept]
	for i, line := range p.tab {
		p.tab[i] = append(line[:width:width], line[len(line)-1])
	}
}

// maximise returns the largest value of an objective; +Inf where there is none. It continues from the last solution.
func (p *program) maximise(objective []float64) float64 {
	if len(p.tab) == 0 {
		for _, c := range objective {
			if c > 0 {
				return math.Inf(1)
			}
		}
		return 0
	}
	width := len(p.tab[0]) - 1
	cost := make([]float64, width+1) // reduced costs; the last is minus the value
	copy(cost, objective)
	for i, b := range p.basis {
		if c := cost[b]; c != 0 {
			for k, v := range p.tab[i] {
				cost[k] -= c * v
			}
		}
	}
	for step := 0; ; step++ {
		in := entering(cost[:width], step > 10*width)
		if in < 0 {
			return -cost[width]
		}
		out := p.leaving(in)
		if out < 0 {
			return math.Inf(1)
		}
		p.pivot(out, in, cost)
	}
}

// entering chooses the variable that improves most; after many steps the first that improves (Bland's rule), which
// can't cycle.
func entering(cost []float64, bland bool) int {
	best, in := 1e-7, -1
	for k, c := range cost {
		if c > best {
			if bland {
				return k
			}
			best, in = c, k
		}
	}
	return in
}

func (p *program) leaving(in int) int {
	out, ratio := -1, math.Inf(1)
	for i, line := range p.tab {
		if line[in] < 1e-7 {
			continue
		}
		r := line[len(line)-1] / line[in]
		if r < ratio-tiny || r < ratio+tiny && p.basis[i] < p.basis[out] {
			out, ratio = i, r
		}
	}
	return out
}

func (p *program) pivot(out, in int, cost []float64) {
	line := p.tab[out]
	f := 1 / line[in]
	for k := range line {
		line[k] *= f
	}
	clear := func(other []float64) {
		c := other[in]
		if c == 0 {
			return
		}
		for k, v := range line {
			if v != 0 {
				other[k] -= c * v
			}
		}
		other[in] = 0
	}
	for i, other := range p.tab {
		if i != out {
			clear(other)
		}
	}
	if cost != nil {
		clear(cost)
	}
	p.basis[out] = in
}
