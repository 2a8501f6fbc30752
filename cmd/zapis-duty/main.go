// Zapis-duty is for somebody on duty: it watches a server for signals that a report needs attention, and rings.
package main

import (
	"os"

	"zapis/internal/cli"
)

const about = "For somebody on duty, on a computer that is online: read the signals that a report needs attention, ring, and " +
	"answer with one of five fixed sentences. A duty key opens nothing else."

type grammar struct {
	Watch     watchVerb     `cmd:"" default:"withargs" help:"Look at the server each minute, and ring."`
	List      listVerb      `cmd:"" help:"List what was seen in the last 14 days."`
	Sentences sentencesVerb `cmd:"" help:"List the sentences that can be sent."`
	Answer    answerVerb    `cmd:"" help:"Send one of the fixed sentences to a reporter."`
}

func main() {
	os.Exit(int(program().Main()))
}

func program() cli.Program {
	return cli.Program{Name: "zapis-duty", About: about, Grammar: new(grammar)}
}
