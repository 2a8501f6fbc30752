// Package cli is the terminal side of every program: verbs and flags, streams, errors and exit statuses, passphrase
// prompts, identity files, and the escaping of foreign text so that it can't control the terminal.
//
// A main package declares its verbs as a kong grammar, each with a method
//
//	Run(ctx context.Context, s *cli.Streams) error
//
// (a pointer to the grammar may be a third argument) and ends in one line:
//
//	os.Exit(int(cli.Program{Name: "zapis", About: about, Grammar: new(grammar)}.Main()))
//
// Only Main and Streams exit or print.
package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"regexp"
	"sync"
	"syscall"

	"github.com/alecthomas/kong"

	"zapis/internal/escape"
	"zapis/internal/exit"
)

// Program is one command line.
type Program struct {
	Name    string // as it is typed
	About   string // a sentence or two, at the top of --help
	Grammar any    // a pointer to a struct of verbs and flags, as kong reads it
}

// Main runs the process's command line on its own streams, and returns the exit status. An interrupt (SIGINT, SIGTERM)
// ends the context; a second one ends the process.
func (p Program) Main() exit.Status {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return p.Run(ctx, os.Args[1:], StandardStreams())
}

// Run parses args, runs the verb they name, prints an error on s.Err, and returns the status.
func (p Program) Run(ctx context.Context, args []string, s *Streams) exit.Status {
	err := p.run(ctx, args, s)
	if err == nil {
		return exit.Done
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = exit.New(exit.Failed, "", "interrupted")
	}
	WriteError(s.Err, p.Name, err)
	return exit.StatusOf(err)
}

// WriteError writes an error in the form of every program: a line with what happened, a line with what to do.
func WriteError(w io.Writer, program string, err error) {
	fmt.Fprintf(w, "%s: %s\n", program, escape.Error(err))
	if hint := cmp.Or(Hint(err), SystemHint(err)); hint != "" {
		fmt.Fprintf(w, "hint: %s\n", hint)
	}
}

// SystemHint returns the hint for an error of the operating system, where no hint was added closer to it; empty for any
// other.
func SystemHint(err error) string {
	for _, s := range []struct {
		err  error
		hint string
	}{
		{syscall.ENOSPC, "make room on that disk, and do it again"},
		{syscall.EROFS, "that disk is write-protected: take the protection off, or name a place on another"},
		{fs.ErrPermission, "the system does not let you: ask the person who owns the file or the folder, or looks after this computer"},
	} {
		if errors.Is(err, s.err) {
			return s.hint
		}
	}
	return ""
}

func (p Program) run(ctx context.Context, args []string, s *Streams) error {
	if others := otherVerbs(p.Grammar, args); others != "" {
		if done, err := p.runNamed(ctx, args, s, others); done {
			return err
		}
	}
	parser, done, err := p.parser(ctx, s)
	if err != nil {
		return fmt.Errorf("the grammar of %s: %w", p.Name, err)
	}
	if text, ok := p.generated(parser.Model, args); ok {
		_, err := io.WriteString(s.Out, text)
		return err
	}
	parsed, err := parser.Parse(args)
	switch {
	case *done:
		return nil
	case err != nil:
		return exit.New(exit.Usage, usageHint(p.Name, err), "%s", plainly(err.Error()))
	}
	return alone(parsed.Run())
}

// parser builds the grammar. *done is set once --help or --version has answered; kong itself would continue parsing.
func (p Program) parser(ctx context.Context, s *Streams, more ...kong.Option) (parser *kong.Kong, done *bool, err error) {
	done = new(bool)
	parser, err = kong.New(p.Grammar, append([]kong.Option{
		kong.Name(p.Name),
		kong.Description(p.About),
		kong.Writers(s.Out, s.Err),
		kong.Exit(func(int) { *done = true }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.PostBuild(neverSplit),
		kong.Bind(s),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(p.Grammar),
		kong.Embed(new(programFlags)),
	}, more...)...)
	return parser, done, err
}

var (
	missingWord = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^expected "<(.+)>(?: \.\.\.)?"$`) })
	noNumber    = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`expected a valid 64 bit u?int but got ("[^"]*")$`) })
)

// plainly rewords kong's errors for users.
func plainly(text string) string {
	text = missingWord().ReplaceAllString(text, "$1 is missing")
	return noNumber().ReplaceAllString(text, "$1 is no whole number")
}

// alone unwraps a list of one error: kong joins a verb's error with those of its hooks.
func alone(err error) error {
	if list, ok := err.(interface{ Unwrap() []error }); ok && len(list.Unwrap()) == 1 {
		return list.Unwrap()[0]
	}
	return err
}

// neverSplit stops kong from cutting a flag's value at commas: a reason, a file's name or a field may contain one.
// Flags with several values are repeated.
func neverSplit(k *kong.Kong) error {
	return kong.Visit(k.Model, func(node kong.Visitable, next kong.Next) error {
		switch n := node.(type) {
		case *kong.Flag:
			n.Tag.Sep, n.Tag.MapSep = -1, -1
		case *kong.Value:
			n.Tag.Sep, n.Tag.MapSep = -1, -1
		}
		return next(nil)
	})
}

// usageHint refers to the help of the intended verb, if there was one.
func usageHint(program string, err error) string {
	path := program
	if parse, ok := errors.AsType[*kong.ParseError](err); ok && parse.Context != nil {
		if verb := parse.Context.Selected(); verb != nil {
			path = verb.FullPath()
		}
	}
	return path + " --help says what it takes"
}
