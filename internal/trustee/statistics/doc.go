// Package statistics computes the figures that trustees publish, so that no person can be identified from them.
//
// Each half-year is counted once, into fixed tables (Tables), and released at the earliest three months after its end.
// Only cases whose reporter consents to statistics are counted. A release of a half-year is final: no later release
// includes it, so that no two releases can be compared. All figures are reports received, not prevalence.
//
// A count below 5, or below 10 in a table of two dimensions, is suppressed, zero too. Since the tables have margins in
// common, more cells are suppressed until, for each small cell, an attacker who has everything that was published and
// the method can exclude neither zero nor any number up to 4. Certificates prove that: for each small cell two whole
// sets of counts that fit all that is published, one with 0 in it and one with 4 or more. Attack tries the opposite by
// linear programming.
//
// Instead of suppression a ledger of releases may round every figure to a multiple of 5 or 10, independently of all
// others. The two are never mixed in one ledger.
//
// The package is pure: the clock and the signing are passed in. docs/spec/statistics.md specifies the text of a
// release.
package statistics
