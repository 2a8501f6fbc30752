// Package statistics makes the numbers that trustees publish, so that no person can be identified from them.
//
// Each half-year is counted once, into fixed tables (Tables), and released at the earliest three months after its
// end. Only cases whose reporter consents to statistics are counted. What a release says of a half-year is frozen:
// no later release says anything about it, so that two releases have nothing to be compared. All figures are
// reports received, not prevalence.
//
// A count below 5, or below 10 in a table of two dimensions, is suppressed, zero too. Since the tables have margins
// in common, more cells are suppressed until, for each small cell, an attacker who knows everything that was
// published and how it is made can neither exclude zero nor any number up to 4. That is shown by certificates: for
// each small cell two whole sets of counts that fit all that is published, one with 0 in it and one with 4 or more.
// Attack tries the opposite by linear programming.
//
// In place of suppression a ledger of releases may round every figure to a multiple of 5 or 10, apart from all
// others. The two are never mixed in one ledger.
//
// The package is pure: the clock and the signing are passed in. docs/spec/statistics.md specifies the text of a
// release.
package statistics
