// Peer is transparency-dev's witness and its client, for the test of our client and our witness against somebody
// else's code.
//
//	peer serve       a witness on loopback and in memory. Stdin: the log's origin, the log's Ed25519 key, its own
//	                 signing keys, an empty line. It says on stdout where it listens, until stdin ends.
//	peer ask URL     submits the request on stdin (the body of add-checkpoint). It prints the lines that came back,
//	                 or "refused SIZE: WHY".
package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"

	f_note "github.com/transparency-dev/formats/note"
	client "github.com/transparency-dev/witness/client/http"
	"github.com/transparency-dev/witness/persistence/inmemory"
	"github.com/transparency-dev/witness/witness"
	"golang.org/x/mod/sumdb/note"
)

func main() {
	run := serve
	if len(os.Args) == 3 && os.Args[1] == "ask" {
		run = ask
	}
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func ask() error {
	body, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	head, checkpoint, _ := strings.Cut(string(body), "\n\n")
	lines := strings.Split(head, "\n")
	var old uint64
	if _, err := fmt.Sscanf(lines[0], "old %d", &old); err != nil {
		return err
	}
	var proof [][]byte
	for _, line := range lines[1:] {
		hash, err := base64.StdEncoding.DecodeString(line)
		if err != nil {
			return err
		}
		proof = append(proof, hash)
	}
	at, err := url.Parse(os.Args[2])
	if err != nil {
		return err
	}
	sigs, size, err := client.NewWitness(at, http.DefaultClient).Update(context.Background(), old, []byte(checkpoint), proof)
	if err != nil {
		fmt.Printf("refused %d: %v\n", size, err)
		return nil
	}
	_, err = os.Stdout.Write(sigs)
	return err
}

func serve() error {
	in := bufio.NewScanner(os.Stdin)
	line := func() string { in.Scan(); return in.Text() }
	origin, key := line(), line()
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return fmt.Errorf("the log's key: %w", err)
	}
	var signers []note.Signer
	for own := line(); own != ""; own = line() {
		s, err := f_note.NewSignerForCosignatureV1(own)
		if err != nil {
			return fmt.Errorf("its own key: %w", err)
		}
		signers = append(signers, s)
	}
	w, err := witness.New(context.Background(), witness.Opts{
		Persistence: inmemory.New(),
		Signers:     signers,
		VerifierForLog: func(_ context.Context, asked string) (note.Verifier, bool, error) {
			return verifier, asked == origin, nil
		},
	})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println("http://" + l.Addr().String())
	mux := http.NewServeMux()
	mux.HandleFunc("POST /add-checkpoint", witness.NewHTTPHandler(w).AddCheckpoint)
	go http.Serve(l, mux)
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}
