package cli

import (
	"context"
	"fmt"
	"os"
	"strings"

	"zapis/internal/escape"
	"zapis/internal/exit"
)

// Confirm asks a yes-or-no question at the terminal, and repeats it after any other answer. It returns nil for yes.
// No, and an end of the input, have the status Failed; without a terminal the status is Usage, since --yes is missing.
func Confirm(ctx context.Context, question string) error {
	return withTerminalOr(exit.New(exit.Usage, "give --yes if the answer is yes", "there is no terminal to ask you on"), func(in, out *os.File) error {
		lines := readLines(ctx, in)
		for {
			escape.Fprintf(out, "%s (yes or no) ", question)
			select {
			case <-ctx.Done():
				fmt.Fprintln(out)
				return ctx.Err()
			case line, more := <-lines:
				switch answer := strings.ToLower(strings.TrimSpace(line)); {
				case !more:
					fmt.Fprintln(out)
					return exit.New(exit.Failed, "", "nothing was answered, and nothing was done")
				case answer == "yes":
					return nil
				case answer == "no":
					return exit.New(exit.Failed, "", "you said no, and nothing was done")
				}
			}
		}
	})
}
