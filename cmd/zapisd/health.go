package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"net/http"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"zapis/internal/escape"
	"zapis/internal/exit"
	"zapis/store"
)

// healthSocket is in the ledger's folder where --health names no other: HTTP, for a monitor on the same machine. It is
// separate from the form's socket, so that a client of the form can't learn how full the disk is.
const healthSocket = "health.sock"

// lowDisk is the share of a disk in percent, and lowBytes the size, below which the operator is warned: before files
// are refused, which is at 2 GiB where --files-floor sets nothing else.
const (
	lowDisk  = 5
	lowBytes = 3 << 30
)

// lateSlot is by how much a slot may be late: a big slot takes some minutes, and a machine may have been suspended.
const lateSlot = 15 * time.Minute

// diskSpace is how full a folder's disk is. Both numbers are rounded to a percent of the disk, so that they don't show
// a single report.
type diskSpace struct {
	Path        string `json:"path"`
	Size        int64  `json:"size_bytes"`
	Free        int64  `json:"free_bytes"`
	FreePercent int    `json:"free_percent"`
}

// disksOf measures the ledger's disk, and that of its parts where it is another one.
func disksOf(dir string) (disks []diskSpace, err error) {
	seen := map[unix.Fsid]bool{}
	for _, path := range []string{dir, filepath.Join(dir, "parts")} {
		var at unix.Statfs_t
		if err := unix.Statfs(path, &at); errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return nil, fmt.Errorf("the disk of %s: %w", path, err)
		}
		if seen[at.Fsid] || at.Blocks == 0 {
			continue
		}
		seen[at.Fsid] = true
		d := diskSpace{Path: path, Size: int64(at.Blocks) * int64(at.Bsize)}
		d.FreePercent = int(at.Bavail * 100 / at.Blocks)
		d.Free = d.Size / 100 * int64(d.FreePercent)
		disks = append(disks, d)
	}
	return disks, nil
}

// troubles returns sentences about what the operator must do; none where nothing is wrong.
func troubles(st *store.Store, disks []diskSpace, now time.Time) (list []string) {
	list = []string{}
	if err := st.Usable(); err != nil {
		list = append(list, "nothing can be written: "+err.Error())
	}
	for _, d := range disks {
		if d.FreePercent < lowDisk || d.Free < lowBytes {
			list = append(list, fmt.Sprintf("%s has %s left (%d%%)", d.Path, rounded(d.Free), d.FreePercent))
		}
	}
	late, err := st.Overdue(now.Add(-lateSlot))
	switch {
	case err != nil:
		list = append(list, "what waits can't be read: "+err.Error())
	case late:
		list = append(list, "a slot that was promised has not come")
	}
	return list
}

// serveHealth answers a monitor at the address until stop is called: GET /health is 200 and "ok", or 503 and a line for
// each trouble.
func serveHealth(at address, st *store.Store) (stop func(), err error) {
	l, err := at.listen()
	if err != nil {
		return nil, exit.New(exit.Failed, "", "--health: %w", err)
	}
	srv := &http.Server{
		Handler:           healthHandler(st),
		ReadHeaderTimeout: 5 * time.Second,
		WriteTimeout:      10 * time.Second,
		IdleTimeout:       30 * time.Second,
		MaxHeaderBytes:    4 << 10,
		ErrorLog:          log.New(nowhere{}, "", 0),
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		srv.Serve(l)
	}()
	return func() {
		grace, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if srv.Shutdown(grace) != nil {
			srv.Close()
		}
		<-ended
	}, nil
}

func healthHandler(st *store.Store) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		disks, err := disksOf(st.Dir())
		list := troubles(st, disks, time.Now())
		if err != nil {
			list = append(list, err.Error())
		}
		if len(list) > 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			for _, one := range list {
				escape.Fprintln(w, one)
			}
			return
		}
		escape.Fprintln(w, "ok")
	})
	return mux
}
