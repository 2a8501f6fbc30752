// Package deskstate represents the decisions of several trustees about cases, as a set of signed events and one fold
// over it.
//
// An Event is a plain struct with one canonical encoding:
//
//	{"v":1,"by":"anna","number":7,"time":"2026-11-22T09:00:00Z","case":"c00aa","kind":"state",
//	 "payload":{"from":"received","to":"triaged","why":"read it"},"supersedes":[],"undoes":""}
//
// on one line. Its ID is the SHA-256 of these bytes in lower-case hexadecimal. The caller signs, seals and carries
// events, and checks that By is the signer.
//
// A Log is a set of events. The result for a case depends on the set alone, never on the order in which events
// arrived: any order of imports yields the same Case. Nothing is overwritten. An event names those it saw and replaces
// (Supersedes); two events that did not see each other both stay, and the case shows a conflict until a later event
// supersedes both. An undo is a new event, and can be undone.
//
// The package is pure: no disk, no network, no clock. docs/spec/desk.md specifies the events.
package deskstate
