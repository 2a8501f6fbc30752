// Package links suggests which cases may belong together, and shows the campaigns that linked cases make up.
//
// A suggestion has its reasons: the same file, a picture that is nearly the same, a phrase of at least twelve words
// in common, the same actor, the same month and place. Nothing is linked or merged here: a trustee decides, and the
// caller passes in what was linked and what was refused, so that neither is suggested again.
//
// The cost grows nearly in proportion to the number of cases. What many cases share (more than Limit) says nothing
// about two of them: it is listed as common and suggests nothing.
//
// The package is pure: plain data in, plain data out.
package links
