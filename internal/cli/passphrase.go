package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"

	"zapis/internal/escape"
	"zapis/internal/exit"
)

// maxPassphrase is the longest accepted passphrase in bytes, so that a wrong file is not read whole.
const maxPassphrase = 1024

const noTerminalHint = "give --passphrase-file FILE: its first line is the passphrase"

// Passphrase returns an identity file's passphrase: the first line of file where one is named, or else a line typed at
// the terminal without echo.
func Passphrase(ctx context.Context, file, prompt string) (string, error) {
	if file != "" {
		return passphraseFile(file)
	}
	var pass string
	err := withTerminal(func(in, out *os.File) (err error) {
		pass, err = ask(ctx, in, out, prompt)
		return err
	})
	return pass, err
}

// NewPassphrase is Passphrase for a new file: it is typed twice, or comes from a file with typeable text. Some editors
// save text with additional bytes that can't be typed.
func NewPassphrase(ctx context.Context, file string) (string, error) {
	if file != "" {
		line, err := passphraseFile(file)
		if err == nil && (!utf8.ValidString(line) || strings.ContainsFunc(line, untypable)) {
			err = exit.New(exit.KeyMissing, "save the file as plain text: UTF-8, without a byte order mark",
				"the passphrase file %s: its first line has bytes that nobody can type", file)
		}
		return line, err
	}
	var pass string
	err := withTerminal(func(in, out *os.File) error {
		first, err := ask(ctx, in, out, "A passphrase for the new identity")
		if err != nil {
			return err
		}
		second, err := ask(ctx, in, out, "The same once more")
		if err != nil {
			return err
		}
		if first != second {
			return exit.New(exit.Failed, "begin again", "the two passphrases are not the same")
		}
		pass = first
		return nil
	})
	return pass, err
}

func untypable(r rune) bool { return unicode.IsControl(r) || r == '\ufeff' }

const passphraseHint = "the passphrase is the file's first line"

func passphraseFile(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", exit.New(exit.KeyMissing, passphraseHint, "the passphrase file: %w", err)
	}
	defer f.Close()
	line, err := bufio.NewReader(io.LimitReader(f, maxPassphrase+2)).ReadBytes('\n')
	if err != nil && err != io.EOF {
		return "", exit.New(exit.KeyMissing, passphraseHint, "the passphrase file: %w", err)
	}
	line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
	switch {
	case len(line) == 0:
		return "", exit.New(exit.KeyMissing, passphraseHint, "the passphrase file %s has an empty first line", name)
	case len(line) > maxPassphrase:
		return "", exit.New(exit.KeyMissing, passphraseHint, "the passphrase file %s: its first line has more than %d bytes", name, maxPassphrase)
	}
	return string(line), nil
}

// withTerminal opens the terminal itself, so that stdin and stdout stay free for pipes.
func withTerminal(use func(in, out *os.File) error) error {
	return withTerminalOr(exit.New(exit.KeyMissing, noTerminalHint, "there is no terminal to ask for the passphrase on"), use)
}

// withTerminalOr returns the given error where there is no terminal.
func withTerminalOr(none error, use func(in, out *os.File) error) error {
	if runtime.GOOS == "windows" {
		in, errIn := os.OpenFile("CONIN$", os.O_RDWR, 0)
		out, errOut := os.OpenFile("CONOUT$", os.O_WRONLY, 0)
		if err := errors.Join(errIn, errOut); err == nil {
			defer in.Close()
			defer out.Close()
			return use(in, out)
		}
	} else if tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0); err == nil {
		defer tty.Close()
		return use(tty, tty)
	}
	if isTerminal(os.Stdin) && isTerminal(os.Stderr) {
		return use(os.Stdin, os.Stderr)
	}
	return none
}

// ask reads one line without showing it. The echo is off before the prompt appears, so that what is typed at once does not
// show. An interrupt puts the terminal back before it ends the asking.
func ask(ctx context.Context, in, out *os.File, prompt string) (string, error) {
	before, err := term.GetState(int(in.Fd()))
	if err == nil {
		err = echoOff(in)
	}
	if err != nil {
		return "", exit.New(exit.KeyMissing, noTerminalHint, "the terminal: %w", err)
	}
	// ReadPassword puts back what it finds, which is without echo already.
	defer term.Restore(int(in.Fd()), before)
	escape.Fprintf(out, "%s: ", prompt)
	defer fmt.Fprintln(out)

	type answer struct {
		line []byte
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		line, err := term.ReadPassword(int(in.Fd()))
		answers <- answer{line, err}
	}()
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case a := <-answers:
		switch {
		case a.err != nil:
			return "", exit.New(exit.KeyMissing, noTerminalHint, "the passphrase could not be read: %w", a.err)
		case len(a.line) == 0:
			return "", exit.New(exit.KeyMissing, "", "the passphrase is empty")
		case len(a.line) > maxPassphrase:
			return "", exit.New(exit.KeyMissing, "", "the passphrase has more than %d bytes", maxPassphrase)
		}
		return string(a.line), nil
	}
}
