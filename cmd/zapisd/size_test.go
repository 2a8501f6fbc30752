package main

import "testing"

func TestSize(t *testing.T) {
	for text, want := range map[string]size{"0": 0, "1": 1, "1023": 1023, "1K": 1 << 10, "500M": 500 << 20, "4G": 4 << 30, "1536K": 1536 << 10} {
		var s size
		if err := s.UnmarshalText([]byte(text)); err != nil || s != want || s.String() != text {
			t.Errorf("%s: %d, printed %s, %v", text, s, s, err)
		}
	}
	for _, text := range []string{"", "M", "-1M", "1.5G", "1T", "500 M", "99999999999G", "1099511627775G"} {
		var s size
		if err := s.UnmarshalText([]byte(text)); err == nil || err.Error() != `"`+text+`" is no size; write 500M or 2G` {
			t.Errorf("%s: %d, %v", text, s, err)
		}
	}
}
