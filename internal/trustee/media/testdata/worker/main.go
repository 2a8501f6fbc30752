// Command worker is a media worker for tests. With "hang", "crash", "lie", "babble" or "leave" it behaves like a
// worker that was taken over or that failed.
package main

import (
	"fmt"
	"os"
	"time"

	"zapis/internal/trustee/media"
)

func main() {
	if len(os.Args) != 2 {
		os.Exit(2)
	}
	ready := func() {
		const head = `{"op":"ready"}`
		fmt.Print("\x00\x00\x00", string(rune(len(head))), head)
	}
	switch os.Args[1] {
	case media.Verb:
		os.Exit(media.WorkerMain())
	case "hang":
		ready()
		time.Sleep(time.Hour)
	case "crash":
		ready()
		_, _ = os.Stdin.Read(make([]byte, 10))
		panic("crash")
	case "lie":
		ready()
		_, _ = os.Stdin.Read(make([]byte, 1<<20))
		const head = `{"view":{"picture_type":"image/png"},"lengths":[6,0,0]}`
		fmt.Print("\x00\x00\x00", string(rune(len(head))), head, "<html>")
		time.Sleep(time.Hour)
	case "babble":
		fmt.Print("hello there, this is no frame")
		time.Sleep(time.Hour)
	case "leave":
	}
}
