// Package desk is the trustee's pages: queue, cases, attachments, numbers, bundles, over one vault, in the trustee's own
// browser. It is an http.Handler for a listener on the loopback address; it decides nothing about evidence itself but
// calls internal/trustee and internal/evidence, as cmd/zapis does.
//
// Every act is a form that works without scripts: POST, then 303 to a page that GET returns. No page may be stored by
// the browser, and the package writes no opened evidence to a disk.
//
// Goroutines: net/http's handlers, and one timer that locks the desk after idle time. Keeper guards the open vault with
// a mutex; a handler holds it from the first read of the vault to the last.
package desk
