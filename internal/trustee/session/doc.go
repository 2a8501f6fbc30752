// Package session keeps a trustee's keys in one process, the agent, so that many verbs take one passphrase. The agent
// listens on a Unix socket with mode 0600 in a folder with mode 0700, asks the kernel which user is at the other end, and
// ends after an idle time or when it is told to.
//
// It offers two operations with the keys: it unwraps the file key of an age file from the file's stanzas, and it signs
// what an SSH signature in a namespace of ours signs. The keys themselves never leave the agent. A process of the same
// user can ask for both operations while the agent runs: that is what unlocking means.
//
// The wire is a 4-byte big-endian length and one JSON object, in both directions. docs/spec/session.md specifies it.
package session
