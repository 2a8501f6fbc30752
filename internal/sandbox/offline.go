// Package offline takes from a process, for ever, the ability to speak to a
// network: zapis and zapis-verify handle hostile files beside opened evidence,
// and whoever gets hold of the process through one of them must not be able to
// carry anything out. Unix sockets stay, since the helpers of hardware keys
// speak through them.
//
// It is a second wall. The first is that these programs link nothing that
// speaks to a network, and make no network system call: tests hold both.
package sandbox
