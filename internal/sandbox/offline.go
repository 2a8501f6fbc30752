// Package sandbox removes a process's ability to use the network, permanently. zapis and zapis-verify parse hostile
// files beside opened evidence: code that takes over the process through a parser must not be able to send anything
// out. Unix sockets stay allowed, because age plugins for hardware keys use them.
//
// This is the second defence. The first is that these programs link no network package and make no network system
// call; internal/rules and internal/e2e test both.
package sandbox
