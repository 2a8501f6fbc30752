package duty

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"time"

	"github.com/godbus/dbus/v5"
)

// Counts are all that leaves this program when it rings.
type Counts struct {
	New     int // reports, and exercises
	Danger  int // of them, in danger or perhaps
	Waiting int // signals that waited at the server at once
}

// Ringer says how to ring.
type Ringer struct {
	Quiet  bool
	Bell   io.Writer   // gets a BEL
	Exec   string      // program to start, or empty
	Failed func(error) // is told what did not ring
}

// execTime is how long the program may run, and notifyTime how long the desktop may take to show a notification.
const (
	execTime   = time.Minute
	notifyTime = 5 * time.Second
)

// Ring rings the terminal's bell, shows a notification of the desktop where there is one, and starts the program, with the
// counts and nothing else in its environment.
func Ring(c Counts, r Ringer) {
	if !r.Quiet {
		fmt.Fprint(r.Bell, "\a")
		ctx, cancel := context.WithTimeout(context.Background(), notifyTime)
		defer cancel()
		if err := notify(ctx, c); err != nil {
			r.Failed(fmt.Errorf("no notification was shown: %w", err))
		}
	}
	if r.Exec == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), execTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, r.Exec)
	cmd.Env = environment(c)
	if err := cmd.Run(); err != nil {
		r.Failed(fmt.Errorf("--exec %s: %w", r.Exec, err))
	}
}

func environment(c Counts) []string {
	return []string{"ZAPIS_NEW=" + strconv.Itoa(c.New), "ZAPIS_DANGER=" + strconv.Itoa(c.Danger), "ZAPIS_WAITING=" + strconv.Itoa(c.Waiting)}
}

// notify shows a notification by the freedesktop interface org.freedesktop.Notifications 1.2, where there is a session bus. It
// says that something asks for attention, and how much: a locked screen may show it. A bus that answers nothing holds it until ctx ends.
func notify(ctx context.Context, c Counts) error {
	if os.Getenv("DBUS_SESSION_BUS_ADDRESS") == "" {
		return nil
	}
	conn, err := dbus.ConnectSessionBus(dbus.WithContext(ctx)) // closed with ctx
	if err != nil {
		return err
	}
	defer conn.Close()
	const urgent = byte(2)
	return conn.Object("org.freedesktop.Notifications", "/org/freedesktop/Notifications").CallWithContext(ctx, "org.freedesktop.Notifications.Notify", 0,
		"zapis-duty", uint32(0), "", "Zapis", fmt.Sprintf("%d new, %d in danger", c.New, c.Danger), []string{},
		map[string]dbus.Variant{"urgency": dbus.MakeVariant(urgent)}, int32(0)).Err
}
