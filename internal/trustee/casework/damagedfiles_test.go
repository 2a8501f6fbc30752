package casework_test

import (
	"os"
	"path/filepath"
	"testing"

	"zapis/internal/exit"
	"zapis/internal/trustee/vault/vaulttest"
)

// A damaged file of what was signed, granted or received is reported by its name.
func TestADamagedFileIsNamed(t *testing.T) {
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{})
	filed := h.Report(nil, "contact", "by the mill")
	c := deskOf(t, h)
	c.carry()
	c.shared(filed.Case)
	for _, dir := range []string{"said", "grants"} {
		names, err := filepath.Glob(filepath.Join(c.vaults["anna"].dir, dir, "*"))
		if err != nil || len(names) != 1 {
			t.Fatalf("%s: %v, %v", dir, names, err)
		}
		good, err := os.ReadFile(names[0])
		c.Must(err)
		bad := append([]byte(nil), good...)
		bad[len(bad)/2] ^= 1
		c.Must(os.WriteFile(names[0], bad, 0o600))
		v := c.vaults["anna"].openAs(vaulttest.Identity(t, "anna"))
		cases, err := v.Sort(t.Context(), func(int, int) {})
		if err == nil {
			found, err2 := cases.Find(filed.Case)
			c.Must(err2)
			o, err2 := v.Show(found)
			c.Must(err2)
			if len(o.Faults) == 1 {
				err = o.Faults[0] // the case is shown all the same, without what can't be opened
			}
		}
		c.refuses(err, exit.Mismatch, "the vault's "+dir+"/"+filepath.Base(names[0])+": ")
		c.Must(v.Close())
		c.Must(os.WriteFile(names[0], good, 0o600))
	}
}
