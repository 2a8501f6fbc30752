package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"

	"zapis/store"

	"github.com/alecthomas/kong"
)

// The configuration file of zapisd serve: `key = value` lines, and comments from #. A key is a flag without its
// dashes; a flag on the command line overrides it. `zapisd setup` writes one with every key in it. What reporters read
// about the operator is in the site file, which another person maintains.

// configFlag is the file's name as given, and which of its lines were used.
type configFlag struct {
	path  string
	lines map[string]int // by key, of those that the command line does not override
}

// UnmarshalText reads the file's name from the command line.
func (c *configFlag) UnmarshalText(text []byte) error {
	*c = configFlag{path: string(text), lines: make(map[string]int)}
	return nil
}

// named returns where a value was set: its flag, or the file, line and key.
func (c configFlag) named(flag string, value any) string {
	if line, ok := c.lines[flag]; ok {
		return fmt.Sprintf("%s line %d: %s = %v", c.path, line, flag, value)
	}
	return fmt.Sprintf("--%s %v", flag, value)
}

// BeforeResolve reads the file after the command line and before required flags are checked. Each value is parsed as
// its flag would be, so that an error names its line.
func (*configFlag) BeforeResolve(ctx *kong.Context, trace *kong.Path) error {
	if trace.Flag == nil {
		return nil
	}
	c, ok := ctx.FlagValue(trace.Flag).(configFlag)
	if !ok || c.path == "" {
		return nil
	}
	flags := make(map[string]*kong.Flag)
	for _, group := range ctx.Selected().AllFlags(true) {
		for _, f := range group {
			if f.Name != "help" && f != trace.Flag {
				flags[f.Name] = f
			}
		}
	}
	set, err := readConfig(c.path, func(key, value string) error {
		if slices.Contains(store.PlaceKeys, key) {
			return nil // where the ledger is kept, which the store reads
		}
		f, ok := flags[key]
		if !ok {
			return fmt.Errorf("%s: no such key", key)
		}
		into := reflect.New(f.Target.Type()).Elem()
		scan := kong.Scan().PushTyped(value, kong.FlagValueToken)
		if err := f.Mapper.Decode(&kong.DecodeContext{Value: f.Value, Scan: scan}, into); err != nil {
			return fmt.Errorf("%s = %s: %w", key, value, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	ctx.AddResolver(kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, f *kong.Flag) (any, error) {
		got, ok := set[f.Name]
		if !ok {
			return nil, nil
		}
		c.lines[f.Name] = got.line
		return got.value, nil
	}))
	return nil
}

type setting struct {
	value string
	line  int
}

// readConfig reads the lines and calls check for each. A key may occur once.
func readConfig(path string, check func(key, value string) error) (map[string]setting, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("the configuration: %w", err)
	}
	defer f.Close()
	set := make(map[string]setting)
	line, err := readSettings(f, func(n int, key, value string) error {
		if set[key].line > 0 {
			return fmt.Errorf("%s stands there twice, in line %d first", key, set[key].line)
		}
		set[key] = setting{value, n}
		return check(key, value)
	})
	switch {
	case err == nil:
		return set, nil
	case line == 0:
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return nil, fmt.Errorf("%s line %d: %w", path, line, err)
}

// readSettings calls visit for each line `key = value`, with the line's number. Empty lines and those from # are left
// out. It returns the number of the line that it or visit refuses, or 0 where reading fails.
func readSettings(r io.Reader, visit func(n int, key, value string) error) (line int, err error) {
	lines := bufio.NewScanner(r)
	n := 1
	for ; lines.Scan(); n++ {
		text := strings.TrimSpace(lines.Text())
		if text == "" || text[0] == '#' {
			continue
		}
		key, value, ok := strings.Cut(text, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		if !ok || key == "" || value == "" {
			return n, errors.New("a line is `key = value`, or begins with #")
		}
		if err := visit(n, key, value); err != nil {
			return n, err
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return n, fmt.Errorf("the line has more than %d bytes", bufio.MaxScanTokenSize)
	}
	return 0, lines.Err()
}
