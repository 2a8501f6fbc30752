package duty

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

// notifications is what a desktop offers under org.freedesktop.Notifications.
type notifications chan []any

func (n notifications) Notify(app string, replaces uint32, icon, summary, body string, actions []string, hints map[string]dbus.Variant, expire int32) (uint32, *dbus.Error) {
	n <- []any{app, replaces, icon, summary, body, len(actions), hints["urgency"].Value(), expire}
	return 1, nil
}

// busConfig is a session bus that starts no desktop itself.
const busConfig = `<busconfig><type>session</type><listen>%s</listen>
<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy></busconfig>`

// bus starts a session bus that ends with the test.
func bus(t *testing.T) (address string) {
	t.Helper()
	address = "unix:path=" + filepath.Join(t.TempDir(), "bus")
	config := filepath.Join(t.TempDir(), "bus.conf")
	if err := os.WriteFile(config, fmt.Appendf(nil, busConfig, address), 0o600); err != nil {
		t.Fatal(err)
	}
	daemon := exec.CommandContext(t.Context(), "dbus-daemon", "--config-file="+config, "--nofork", "--nopidfile", "--print-address")
	out, err := daemon.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = daemon.Wait() }) // t.Context has ended it
	line := make([]byte, 512)
	n, err := out.Read(line) // written once it listens
	if err != nil || !strings.HasPrefix(string(line[:n]), "unix:path=") {
		t.Fatalf("the bus says %q, %v", line[:n], err)
	}
	return address
}

// A desktop shows counts, and nothing of a report; without one, that is told, and the rest rings all the same.
func TestTheDesktopShowsCounts(t *testing.T) {
	address := bus(t)
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", address)
	var bell bytes.Buffer
	var failed []error
	ring := func() {
		Ring(Counts{New: 3, Danger: 1, Waiting: 20}, Ringer{Bell: &bell, Failed: func(err error) { failed = append(failed, err) }})
	}
	ring()
	if len(failed) != 1 || !strings.Contains(failed[0].Error(), "no notification was shown: ") || bell.String() != "\a" {
		t.Errorf("a bus without a desktop: %v, the bell %q", failed, bell.String())
	}

	conn, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	shown := make(notifications, 1)
	if err := conn.Export(shown, "/org/freedesktop/Notifications", "org.freedesktop.Notifications"); err != nil {
		t.Fatal(err)
	}
	if reply, err := conn.RequestName("org.freedesktop.Notifications", dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		t.Fatalf("the name: %v, %v", reply, err)
	}
	failed = nil
	ring()
	if len(failed) > 0 {
		t.Fatalf("the notification: %v", failed)
	}
	got := <-shown
	want := []any{"zapis-duty", uint32(0), "", "Zapis", "3 new, 1 in danger", 0, byte(2), int32(0)}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("argument %d is %v, want %v", i+1, got[i], want[i])
		}
	}
}

// A bus that takes a connection and says nothing stops nothing.
func TestABusThatSaysNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bus")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+path)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := notify(ctx, Counts{New: 1}); err == nil {
		t.Error("a notification was shown")
	}
}
