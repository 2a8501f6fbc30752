package main

import (
	"strconv"
	"strings"
)

// run is one call of go test: a benchmark, or a test whose log has a figure.
type run struct {
	pkg   string
	what  string   // the benchmark, as -bench takes it; where test is set, as -run does
	test  bool     // a test, not a benchmark
	flags []string // for go test
	own   []string // for the package's own flags, after it
	rows  []want
}

func (r run) args() []string {
	args := []string{"-run", "^$", "-bench", r.what}
	if r.test {
		args = []string{"-v", "-count", "1", "-run", r.what}
	}
	return append(append(append(args, r.flags...), r.pkg), r.own...)
}

// want is a row of the table: a figure, and what it must reach.
type want struct {
	work   string
	figure string // benchmark and metric, as parse names them
	least  float64
	most   float64 // in place of least
	unit   string  // of both, behind the number
	scale  float64 // from the metric to the unit; 1 where 0
	limit  string  // figure of what the row is a ratio to, in the unit in; empty where it is no ratio
	in     string
	term   string // of the model in docs/performance.md, by which the row misses where it does
}

func (r run) chosen(word string) (rows []want) {
	for _, w := range r.rows {
		if strings.Contains(w.work, word) {
			rows = append(rows, w)
		}
	}
	return rows
}

// runs returns the design's table of how fast and how small, and what an import and a list take beside it.
func runs(reports, desk int) []run {
	many, cases := strconv.Itoa(reports), strconv.Itoa(desk)
	start := 2000.0 // ms
	if desk > 10_000 {
		start = 10_000
	}
	return []run{
		{pkg: "./store", what: "^BenchmarkAppend$", flags: []string{"-benchtime", "1x"}, rows: []want{
			{work: "durable append with tree nodes, 64 writers, 2 KiB: of a bare file", figure: "Append/writers=64 ledger/file", least: 0.5, unit: "x", term: "barriers, two against one, and where a barrier takes less than 100 µs by hashing and building pages, 6 µs an entry", limit: "Append/writers=64 file/s", in: "a second"},
			{work: "the same: times bbolt's Batch", figure: "Append/writers=64 ledger/batch", least: 6, unit: "x", term: "the barriers of a group, which both wait for: Batch forms larger groups where a barrier is slow", limit: "Append/writers=64 batch/s", in: "a second"},
			{work: "durable append, 1 writer, guard included: of a bare file", figure: "Append/writers=1 guarded/file", least: 0.25, unit: "x", term: "barriers, three against one", limit: "Append/writers=1 file/s", in: "a second"},
			{work: "the same, 1 writer: times bbolt's Batch", figure: "Append/writers=1 guarded/batch", least: 25, unit: "x", term: "Batch's own delay of 10 ms, of which a slow barrier leaves less", limit: "Append/writers=1 batch/s", in: "a second"},
		}},
		{pkg: "./store", what: "^BenchmarkProof$/^(inclusion|consistency)$", flags: []string{"-benchtime", "20000x", "-count", "5"}, rows: []want{
			{work: "inclusion proof in a million entries", figure: "Proof/inclusion ns/op", most: 50, unit: " µs", scale: 1e-3, term: "page faults in the map of the database"},
			{work: "consistency proof in a million entries", figure: "Proof/consistency ns/op", most: 50, unit: " µs", scale: 1e-3, term: "page faults in the map of the database"},
		}},
		{pkg: "./internal/server/intake", what: "^BenchmarkSubmit100MiB$", flags: []string{"-benchtime", "1x"}, rows: []want{
			{work: "seal and append a report with a 100 MiB file: times age over the padded size", figure: "Submit100MiB times-age", most: 2, unit: "x", limit: "Submit100MiB age-ms", in: "ms", term: "SHA-256 of the file and of its ciphertext, and one derivation"},
			{work: "the same, by processor time", figure: "Submit100MiB cpu-times-age", unit: "x"},
		}},
		{pkg: "./web", what: "^BenchmarkPostReports$", flags: []string{"-benchtime", "1x"}, rows: []want{
			{work: "reports of words, 1 client, by the whole handler: of deriving their codes, processor time", figure: "PostReports/clients=1 cpu-of-limit", least: 0.7, unit: "x", term: "sealing: parts to three trustees, and two signatures"},
			{work: "the same, a second", figure: "PostReports/clients=1 reports/s"},
			{work: "the same: half of them are answered in", figure: "PostReports/clients=1 p50-ms", most: 15, unit: " ms", term: "one derivation"},
			{work: "reports of words, 10 clients: of deriving their codes, two at a time", figure: "PostReports/clients=10 of-limit", least: 0.7, unit: "x", term: "sealing: parts to three trustees, and two signatures"},
			{work: "the same, a second", figure: "PostReports/clients=10 reports/s", least: 150, term: "derivations, one core each"},
		}},
		{pkg: "./web", what: "^BenchmarkPost100MiB$", flags: []string{"-benchtime", "1x"}, rows: []want{
			{work: "the same from the form's bytes on, by the whole handler", figure: "Post100MiB times-age", most: 1.5, unit: "x", limit: "Post100MiB age-ms", in: "ms", term: "SHA-256 of the file and of its ciphertext, and one derivation, where a second core does not take them over"},
			{work: "the same, by processor time", figure: "Post100MiB cpu-times-age", unit: "x"},
			{work: "the same handler: of age, both hashes and one derivation, by processor time", figure: "Post100MiB cpu-of-limit", least: 0.8, unit: "x", limit: "Post100MiB limit-cpu-ms", in: "ms", term: "copying the form and writing the file"},
		}},
		{pkg: "./internal/e2e", test: true, what: "^TestPeakMemory$/^one_file$", own: []string{"-large"}, rows: []want{
			{work: "upload of 1 GiB: peak memory of the server", figure: "VmHWM MiB", most: 64, unit: " MiB", term: "buffers of an upload and the 19 MiB of each derivation"},
		}},
		{pkg: "./store", what: "^BenchmarkCheck$", flags: []string{"-benchtime", "1x"}, rows: []want{
			{work: "verify a ledger in memory: of SHA-256 and the promises' signatures on all cores", figure: "Check warm-of-limit", least: 0.8, unit: "x", term: "copying from the page cache, and what one goroutine does: pages, entries and indexes", limit: "Check limit-MB/s", in: "MB/s"},
			{work: "the same, by processor time", figure: "Check warm-cpu-of-limit", unit: "x", limit: "Check limit-cpu-ms", in: "ms"},
			{work: "reading, hashing and the signatures alone: of that limit, by processor time", figure: "Check bare-cpu-of-limit", unit: "x", limit: "Check limit-cpu-ms", in: "ms"},
			{work: "the check: of reading, hashing and the signatures alone, by processor time", figure: "Check warm-cpu-of-bare", unit: "x"},
			{work: "the same, of SHA-256 alone on all cores", figure: "Check warm-of-sha256", unit: "x", limit: "Check all-MB/s", in: "MB/s"},
			{work: "the same, of SHA-256 alone on one core", figure: "Check warm-of-one-core", least: 0.8, unit: "x", term: "signatures of what waits, then the same as the row above", limit: "Check one-MB/s", in: "MB/s"},
			{work: "verify a ledger from a cold cache: of that limit or of reading the files, whichever is slower", figure: "Check cold-of-limit", least: 0.9, unit: "x", term: "the pages of entries and of what waits, which one goroutine reads through the database's map", limit: "Check cold-limit-MB/s", in: "MB/s"},
		}},
		{pkg: "./store", what: "^BenchmarkEngines$", flags: []string{"-benchtime", "1x", "-timeout", "60m"}, rows: []want{
			{work: "PostgreSQL with a standby: durable append of 2 KiB, 1 writer: of bbolt", figure: "Engines/append/writers=1 postgres/bbolt", unit: "x"},
			{work: "the same, a bare file: of bbolt", figure: "Engines/append/writers=1 file/bbolt", unit: "x"},
			{work: "PostgreSQL: append, 64 writers: of bbolt", figure: "Engines/append/writers=64 postgres/bbolt", unit: "x"},
			{work: "the same, a bare file: of bbolt", figure: "Engines/append/writers=64 file/bbolt", unit: "x"},
			{work: "PostgreSQL: submission with 95 KB of parts, 1 writer: of bbolt", figure: "Engines/submit/writers=1 postgres/bbolt", least: 0.6, unit: "x", term: "round trips, two, and the flushes of two servers one after the other"},
			{work: "PostgreSQL: submission, 64 writers: of bbolt", figure: "Engines/submit/writers=64 postgres/bbolt", least: 0.5, unit: "x", term: "bytes: each goes into the log and the tables of two servers"},
			{work: "PostgreSQL: attachment of 100 MiB in chunks: of a file", figure: "Engines/attachment chunks/file", least: 0.3, unit: "x", term: "bytes: each goes into the log and the tables of two servers"},
			{work: "S3 in this process: attachment of 100 MiB: of a file", figure: "Engines/attachment s3/file", least: 0.5, unit: "x", term: "SHA-256 by the server, and the second copy"},
			{work: "PostgreSQL: a slot of 27,000 reports: of bbolt", figure: "Engines/slot/sequence postgres/bbolt", least: 0.333, unit: "x", term: "bytes: each goes into the log and the tables of two servers"},
			{work: "PostgreSQL: check of it: of bbolt", figure: "Engines/slot/check postgres/bbolt", unit: "x"},
		}},
		{pkg: "./store", test: true, what: "^TestAttachmentInBoundedMemory$", flags: []string{"-timeout", "60m"}, own: []string{"-store.engine=postgres", "-store.attachment=4294967296"}, rows: []want{
			{work: "PostgreSQL: attachment of 4 GiB: peak memory of the process that keeps it", figure: "VmHWM MiB", most: 64, unit: " MiB", term: "buffers of the process, which do not grow with the attachment"},
		}},
		{pkg: "./internal/trustee/casework", what: "^BenchmarkAtSize$", flags: []string{"-benchtime", "1x"}, own: []string{"-vault.reports", many}, rows: []want{
			{work: "open " + many + " statements: of age and SHA-256 on all cores", figure: "AtSize list-of-limit", least: 0.8, unit: "x", term: "parsing and comparing commitments, and opening a file for each statement", limit: "AtSize limit-list-ms", in: "ms"},
			{work: "the same, by processor time", figure: "AtSize list-cpu-of-limit", unit: "x"},
			{work: "the same: of age's unwrapping of the headers alone", figure: "AtSize list-of-unwrap", unit: "x", limit: "AtSize limit-unwrap-ms", in: "ms"},
			{work: "the same, in all", figure: "AtSize list-ms", unit: " ms"},
			{work: "list them again, from the index", figure: "AtSize again-ms", unit: " ms"},
			{work: "import " + many + " reports: of age's unwrapping on all cores, and SHA-256", figure: "AtSize import-of-limit", least: 0.7, unit: "x", term: "reading and judging headers, and taking the carry file apart", limit: "AtSize limit-import-ms", in: "ms"},
			{work: "the same import, in all", figure: "AtSize import-ms", unit: " ms"},
			{work: "import 100 more: of the same limit", figure: "AtSize more-of-limit", unit: "x", limit: "AtSize limit-more-ms", in: "ms"},
			{work: "the same 100, in all", figure: "AtSize more-ms", most: 100, unit: " ms", term: "unwrapping by age, and a file for each part"},
		}},
		{pkg: "./internal/trustee/casework", what: "^BenchmarkFinder$", flags: []string{"-benchtime", "1x", "-timeout", "3h"}, own: []string{"-vault.reports", cases}, rows: []want{
			{work: "start the desk over " + cases + " statements the first time: open each", figure: "Finder first-ms", unit: " ms"},
			{work: "start the desk again, from its caches", figure: "Finder cached-ms", most: start, unit: " ms", term: "reading the index, and the words of each case"},
			{work: "start the desk again, processor time", figure: "Finder cached-cpu-ms", unit: " ms"},
			{work: "a search of the desk's queue, the slowest of four, processor time", figure: "Finder search-cpu-ms", most: 100, unit: " ms", term: "cases that a query finds"},
			{work: "a filter of the desk's queue, the slowest of three, processor time", figure: "Finder filter-cpu-ms", most: 100, unit: " ms", term: "rows, each compared"},
			{work: "memory of the desk with " + cases + " statements", figure: "Finder heap-MiB", most: 1024, unit: " MiB", term: "7 KiB for a statement"},
		}},
		{pkg: "./internal/evidence/bundle", what: "^BenchmarkCheck$", flags: []string{"-benchtime", "5x", "-count", "5"}, rows: []want{
			{work: "zapis-verify on a bundle: of one-core SHA-256 over its bytes", figure: "Check of-sha256", least: 0.7, unit: "x", term: "copying from the page cache, and the signatures of its checkpoints"},
		}},
		{pkg: "./internal/trustee/links", what: "^BenchmarkSuggest$", flags: []string{"-benchtime", "1x"}, rows: []want{
			{work: "suggest links between 100,000 cases", figure: "Suggest cpu-ms", unit: " ms"},
		}},
		{pkg: "./internal/trustee/search", what: "^(BenchmarkAtSize|BenchmarkTable)$", flags: []string{"-benchtime", "1x"}, own: []string{"-search.statements", "100000"}, rows: []want{
			{work: "search in 100,000 statements of 200 words: the slowest query, processor time", figure: "AtSize search-cpu-ms", most: 100, unit: " ms", term: "statements that a query finds"},
			{work: "the same query by a plain scan of the folded texts", figure: "AtSize scan-cpu-ms", unit: " ms"},
			{work: "the same index: load it", figure: "AtSize load-cpu-ms", most: 10_000, unit: " ms", term: "bytes of the index"},
			{work: "the same index: memory", figure: "AtSize loaded-MiB", most: 400, unit: " MiB", term: "bytes of the index"},
			{work: "the same index: build it", figure: "AtSize build-cpu-ms", unit: " ms"},
			{work: "filter and sort 100,000 rows, processor time", figure: "Table select-cpu-ms", most: 100, unit: " ms", term: "rows, each compared"},
			{work: "count 100,000 rows by one code", figure: "Table counts-cpu-ms", most: 100, unit: " ms", term: "rows, each counted"},
		}},
	}
}
