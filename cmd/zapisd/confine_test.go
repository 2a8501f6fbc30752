package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"

	llsyscall "github.com/landlock-lsm/go-landlock/landlock/syscall"
)

// confined DIR is run by a script in a process of its own: there is no way back.
func confined() {
	dir := os.Args[1]
	if abi, err := llsyscall.LandlockGetABIVersion(); err != nil || abi < 4 {
		fmt.Println("this kernel can't confine everything") // and there is nothing to test
		return
	}
	if err := confine(dir, nil, address{"unix", filepath.Join(dir, "..", "form.sock")}); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	failed := false
	expect := func(what string, allowed bool, err error) {
		if allowed && err != nil || !allowed && !errors.Is(err, fs.ErrPermission) {
			fmt.Printf("%s: %v\n", what, err)
			failed = true
		}
	}
	within, outside := filepath.Join(dir, "file"), filepath.Join(dir, "..", "outside")
	expect("writing within", true, os.WriteFile(within, []byte("x"), 0o600))
	expect("a folder within", true, os.MkdirAll(filepath.Join(dir, "sub"), 0o700))
	expect("moving within", true, os.Rename(within, filepath.Join(dir, "sub", "file")))
	expect("writing outside", false, os.WriteFile(outside, []byte("x"), 0o600))
	_, err := os.ReadFile(filepath.Join(dir, "..", "secret"))
	expect("reading outside", false, err)
	_, err = os.ReadDir("/")
	expect("listing outside", false, err)
	_, err = net.Dial("tcp", "127.0.0.1:1")
	expect("connecting", false, err)
	if failed {
		os.Exit(1)
	}
	fmt.Println("confined")
}
