package cli

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"

	"zapis/internal/escape"
	"zapis/internal/exit"
)

// readLines reads lines in a goroutine, so that an interrupt ends a wait for them. The goroutine ends with the input,
// or with ctx once a line has come.
func readLines(ctx context.Context, in io.Reader) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		for scan := bufio.NewScanner(in); scan.Scan(); {
			select {
			case lines <- scan.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	return lines
}

// Questions asks questions on s.Err, and reads one line of s.In for each: from a terminal, or from a file with one
// answer per line. It belongs to one goroutine.
type Questions struct {
	lines    <-chan string
	out      io.Writer
	terminal bool
}

func NewQuestions(ctx context.Context, s *Streams) *Questions {
	return &Questions{lines: readLines(ctx, s.In), out: s.Err, terminal: isTerminal(s.In)}
}

// Ask asks until check accepts the answer. An empty line is the answer in brackets. Without a terminal, an answer that
// check refuses is an error with the status Failed: the next lines may be meant for other questions.
func (q *Questions) Ask(ctx context.Context, question, current string, check func(string) error) (string, error) {
	for {
		if fmt.Fprint(q.out, question); current != "" {
			fmt.Fprintf(q.out, " [%s]", escape.Text(current))
		}
		fmt.Fprint(q.out, ": ")
		select {
		case <-ctx.Done():
			fmt.Fprintln(q.out)
			return "", ctx.Err()
		case line, more := <-q.lines:
			if !q.terminal {
				fmt.Fprintln(q.out)
			}
			if !more {
				return "", exit.New(exit.Failed, "", "the answers end before this question: %s", question)
			}
			answer := strings.TrimSpace(line)
			if answer == "" {
				answer = current
			}
			err := check(answer)
			if err == nil {
				return answer, nil
			}
			if !q.terminal {
				return "", exit.New(exit.Failed, "", "%s: %w", question, err)
			}
			fmt.Fprintln(q.out, escape.Error(err))
		}
	}
}
