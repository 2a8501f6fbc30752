package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestVersionSaysWhatTheProgramWasBuiltFrom(t *testing.T) {
	status, out, talk := runSample(t, t.Context(), "--version")
	for _, want := range []string{"sample " + Release, "\ncommit unknown (not a release build)\n", "\nbuilt with go1.", "SHA-256 of their list "} {
		if !strings.Contains(out, want) {
			t.Errorf("--version lacks %q:\n%s", want, out)
		}
	}
	if status != 0 || talk != "" {
		t.Errorf("status %d, %q", status, talk)
	}
}

func TestHelpNamesTheVersionFlagAndNoHiddenOne(t *testing.T) {
	_, out, _ := runSample(t, t.Context(), "--help")
	if !strings.Contains(out, "--version") || strings.Contains(out, "--print-") {
		t.Errorf("help:\n%s", out)
	}
}

func TestTheManualNamesEveryVerbAndFlag(t *testing.T) {
	status, page, _ := runSample(t, t.Context(), "--print-manual")
	for _, want := range []string{".TH SAMPLE 1", ".SH VERBS", ".SS bundle", `\-\-withhold=`, ".I <case>", ".SH EXIT STATUS"} {
		if !strings.Contains(page, want) {
			t.Errorf("the manual lacks %q:\n%s", want, page)
		}
	}
	if status != 0 || strings.Contains(page, "print\\-manual") {
		t.Errorf("status %d", status)
	}
}

// The shells that are installed read the scripts; bash also completes with it.
func TestCompletionScripts(t *testing.T) {
	dir := t.TempDir()
	for _, shell := range []string{"bash", "zsh", "fish"} {
		status, script, _ := runSample(t, t.Context(), "--print-completion="+shell)
		if status != 0 || !strings.Contains(script, "bundle") || !strings.Contains(script, "withhold") {
			t.Errorf("%s: status %d\n%s", shell, status, script)
		}
		if err := os.WriteFile(filepath.Join(dir, shell), []byte(script), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if status, _, talk := runSample(t, t.Context(), "--print-completion=csh"); status != 2 {
		t.Errorf("an unknown shell: %d %q", status, talk)
	}
	out, err := exec.Command("bash", "-c", "source "+filepath.Join(dir, "bash")+`
COMP_WORDS=(sample bu); COMP_CWORD=1; _sample; echo "${COMPREPLY[*]}"
COMP_WORDS=(sample bundle --w); COMP_CWORD=2; _sample; echo "${COMPREPLY[*]}"`).CombinedOutput()
	if err != nil || string(out) != "bundle\n--withhold\n" {
		t.Errorf("bash completes %q, %v", out, err)
	}
}
