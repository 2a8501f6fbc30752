// Zapis-desk is the trustee's desk: pages in the trustee's own browser, on the loopback address only, over the same
// vault as zapis.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"time"

	"zapis/internal/cli"
	"zapis/internal/desk"
	"zapis/internal/escape"
	"zapis/internal/exit"
	"zapis/internal/sandbox"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/media"
	"zapis/internal/trustee/mediaproxy"
	"zapis/internal/trustee/vault"
)

const about = "The trustee's desk: read, grade, link, answer and count in your own browser. It listens on this computer alone " +
	"and makes no connection. Every act on evidence is written to the vault's custody log before it is done."

// grammar is the command line. There is one act, so there are no verbs.
type grammar struct {
	Vault          string        `required:"" placeholder:"DIR" help:"Your vault: the folder that zapis import made."`
	Identity       string        `required:"" placeholder:"FILE" help:"Your identity file, as zapis keygen wrote it."`
	PassphraseFile string        `placeholder:"FILE" help:"A file whose first line is the passphrase; without it the page asks."`
	Port           uint16        `placeholder:"N" help:"The port on 127.0.0.1; a free one by default."`
	Idle           time.Duration `default:"5m" help:"Lock after this time without an act."`
	Open           bool          `help:"Open the address in your browser, in a private window where it is known how."`
}

func main() {
	// The worker that decodes attachments is this program again, without files and network.
	if len(os.Args) > 1 && os.Args[1] == media.Verb {
		os.Exit(media.WorkerMain())
	}
	// zapis decodes nothing itself, and asks this program for it.
	if len(os.Args) > 1 && os.Args[1] == mediaproxy.Verb {
		os.Exit(proxyMain())
	}
	os.Exit(int(cli.Program{Name: "zapis-desk", About: about, Grammar: new(grammar)}.Main()))
}

func (g *grammar) Run(ctx context.Context, s *cli.Streams) error {
	listener, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", g.Port))
	if err != nil {
		return exit.New(exit.Failed, "leave --port out, or name another", "the desk can't listen: %w", err)
	}
	defer listener.Close()
	access := desk.NewAccess(listener.Addr())

	// The browser is started before the sandbox closes: a child would inherit it, and could reach nothing.
	if g.Open {
		if err := openBrowser(s, access.URL()); err != nil {
			escape.Fprintf(s.Err, "no browser was started (%v): open the address yourself\n", err)
		}
	}
	sandbox.Drop()

	keys := cli.KeyFlags{Identity: g.Identity, PassphraseFile: g.PassphraseFile}
	sealed, err := keys.Sealed()
	if err != nil {
		return err
	}
	keeper := desk.NewKeeper(func(_ context.Context, passphrase string) (*casework.Trustee, error) {
		return g.openVault(ctx, s, sealed, passphrase)
	}, g.Idle)
	defer keeper.Lock()
	if g.PassphraseFile != "" {
		pass, err := cli.Passphrase(ctx, g.PassphraseFile, "")
		if err != nil {
			return err
		}
		if err := keeper.Unlock(ctx, pass); err != nil {
			return err
		}
	}
	return g.serve(ctx, s, listener, access, keeper)
}

// proxyMain answers zapis on the standard streams until it has no more requests.
func proxyMain() int {
	sandbox.Drop()
	program, err := os.Executable()
	if err != nil {
		return 1
	}
	worker := media.NewClient(program, media.Verb)
	defer worker.Close()
	if mediaproxy.Serve(os.Stdin, os.Stdout, desk.AnswerMedia(worker)) != nil {
		return 1
	}
	return 0
}

// openVault opens the identity and then the vault. ctx is that of the process.
func (g *grammar) openVault(ctx context.Context, s *cli.Streams, sealed []byte, passphrase string) (*casework.Trustee, error) {
	id, err := cli.OpenIdentity(sealed, passphrase)
	if err != nil {
		return nil, err
	}
	v, err := casework.Open(g.Vault, vault.Options{
		Context: ctx, Now: time.Now, Tool: "zapis-desk " + cli.Version(),
		Warn: func(format string, args ...any) {
			escape.Fprintf(s.Err, "WARNING: "+format+"\n", args...)
		},
	})
	if err != nil {
		return nil, err
	}
	if err := v.Use(vault.Key{Card: id.Card, Age: id.Opener(), Signer: id.Signer}); err != nil {
		v.Close()
		return nil, err
	}
	return v, nil
}

// serve answers the browser until ctx ends or the trustee closes the desk.
func (g *grammar) serve(ctx context.Context, s *cli.Streams, listener net.Listener, access *desk.Access, keeper *desk.Keeper) error {
	ctx, quit := context.WithCancel(ctx)
	defer quit()
	program, err := os.Executable()
	if err != nil {
		return err
	}
	worker := media.NewClient(program, media.Verb)
	defer worker.Close()
	pages, err := desk.New(keeper, desk.Options{Name: g.Identity, Quit: quit, Media: worker})
	if err != nil {
		return err
	}
	server := &http.Server{Handler: access.Guard(pages), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute}
	context.AfterFunc(ctx, func() {
		end, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		if server.Shutdown(end) != nil {
			server.Close()
		}
	})
	escape.Fprintf(s.Err, "the desk is open on this computer alone; Ctrl-C closes it\n")
	escape.Fprintln(s.Out, access.URL())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// openBrowser starts the system's browser and does not wait for it. It says where that could not be told to open a private window.
func openBrowser(s *cli.Streams, url string) error {
	own, _ := exec.Command("xdg-settings", "get", "default-web-browser").Output() // "" where there is no such program
	command, private := desk.BrowserCommand(runtime.GOOS, url, string(own), func(program string) bool {
		_, err := exec.LookPath(program)
		return err == nil
	})
	if err := exec.Command(command[0], command[1:]...).Start(); err != nil {
		return err
	}
	if !private {
		escape.Fprintln(s.Err, "The browser opens an ordinary window, which keeps the addresses of cases, and what you typed and did not send. "+
			"To have it keep neither, leave --open out and open the address in a private window.")
	}
	return nil
}
