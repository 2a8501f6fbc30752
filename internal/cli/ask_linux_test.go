package cli

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
	"golang.org/x/text/unicode/norm"

	"zapis/internal/exit"
)

// terminal opens a pseudo-terminal: what a person types and sees, and what the program has.
func terminal(t *testing.T) (person, program *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { person.Close() })
	if err := unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { program.Close() })
	return person, program
}

func echoes(t *testing.T, f *os.File) bool {
	t.Helper()
	state, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return state.Lflag&unix.ECHO != 0
}

func TestTheEchoIsOffWhenThePromptAppearsAndOnAfter(t *testing.T) {
	person, program := terminal(t)
	if !echoes(t, program) {
		t.Fatal("a new terminal does not echo: this test would pass whatever ask does")
	}
	type answer struct {
		text string
		err  error
	}
	got := make(chan answer, 1)
	go func() {
		text, err := ask(t.Context(), program, program, "The passphrase")
		got <- answer{text, err}
	}()
	one := make([]byte, 1)
	if _, err := person.Read(one); err != nil || one[0] != 'T' {
		t.Fatalf("%q, %v", one, err)
	}
	if echoes(t, program) {
		t.Error("the prompt has begun, and the terminal still shows what is typed")
	}
	if _, err := person.WriteString("geheim\n"); err != nil {
		t.Fatal(err)
	}
	if a := <-got; a.text != "geheim" || a.err != nil {
		t.Errorf("%q, %v", a.text, a.err)
	}
	if !echoes(t, program) {
		t.Error("the terminal does not echo any more")
	}
}

func TestAPassphraseOpensInEveryFormOfTheSameLetters(t *testing.T) {
	id := newTestIdentity(t)
	const words = "шэсць ёжыкаў ідуць"
	for name, made := range map[string]string{"composed": norm.NFC.String(words), "decomposed": norm.NFD.String(words), "mixed": "й" + norm.NFD.String("й")} {
		sealed, err := id.Seal(made, quick)
		if err != nil {
			t.Fatal(err)
		}
		typed := []string{made, "\ufeff" + made}
		if name != "mixed" {
			typed = append(typed, norm.NFC.String(made), norm.NFD.String(made))
		}
		for _, pass := range typed {
			if _, err := OpenIdentity(sealed, pass); err != nil {
				t.Errorf("made %s, typed %+q: %v", name, pass, err)
			}
		}
		_, err = OpenIdentity(sealed, strings.ToUpper(made))
		if exit.StatusOf(err) != exit.KeyMissing || err.Error() != "the passphrase does not open the identity file" {
			t.Errorf("another passphrase: %v", err)
		}
	}
}
