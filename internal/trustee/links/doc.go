// Package links suggests which cases may belong together, and lists the campaigns of linked cases.
//
// A suggestion has its reasons: the same file, a picture that is nearly the same, a phrase of at least twelve words in
// common, the same actor, the same month and place. The package links and merges nothing: a trustee decides, and the
// caller passes in the links and the refused suggestions, which are not suggested again.
//
// The cost grows nearly in proportion to the number of cases. A value that more than Limit cases share is listed as
// common and suggests nothing.
//
// The package is pure: plain data in, plain data out.
package links
