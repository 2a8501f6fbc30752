package seal

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"filippo.io/age"
)

// BenchmarkSealStatement: 10 KiB of answers to five trustees, each alone and under
// a quorum.
func BenchmarkSealStatement(b *testing.B) {
	content := make([]byte, 10<<10)
	for _, bench := range []struct {
		name string
		k    int
	}{{"1-of-5", 1}, {"3-of-5", 3}} {
		b.Run(bench.name, func(b *testing.B) {
			r := set(bench.k, 5)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Seal(io.Discard, Statement, r, bytes.NewReader(content)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkAttachment compares sealing and opening 96 MiB, padded to 128, with
// bare age over the padded size: the figure is MB of padded plaintext a second.
func BenchmarkAttachment(b *testing.B) {
	const content, padded = 96 << 20, 128 << 20
	r := set(1, 5)
	plain := bytes.Repeat([]byte("evidence"), content/8)
	b.Run("seal", func(b *testing.B) {
		b.SetBytes(padded)
		for b.Loop() {
			if _, err := Seal(io.Discard, Attachment, r, struct{ io.Reader }{bytes.NewReader(plain)}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("age-encrypt", func(b *testing.B) {
		b.SetBytes(padded)
		whole := make([]byte, padded)
		for b.Loop() {
			w, err := age.Encrypt(io.Discard, r.age()...)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.Copy(w, struct{ io.Reader }{bytes.NewReader(whole)}); err != nil {
				b.Fatal(err)
			}
			if err := w.Close(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("seal-to-file-fsync", func(b *testing.B) {
		b.SetBytes(padded)
		for b.Loop() {
			toFile(b, func(w io.Writer) error {
				_, err := Seal(w, Attachment, r, struct{ io.Reader }{bytes.NewReader(plain)})
				return err
			})
		}
	})
	b.Run("age-to-file-fsync", func(b *testing.B) {
		b.SetBytes(padded)
		whole := make([]byte, padded)
		for b.Loop() {
			toFile(b, func(f io.Writer) error {
				w, err := age.Encrypt(f, r.age()...)
				if err != nil {
					return err
				}
				if _, err := io.Copy(w, struct{ io.Reader }{bytes.NewReader(whole)}); err != nil {
					return err
				}
				return w.Close()
			})
		}
	})
	file, s := sealed(b, Attachment, r, plain)
	b.Run("open", func(b *testing.B) {
		b.SetBytes(padded)
		for b.Loop() {
			if _, err := Open(io.Discard, Attachment, bytes.NewReader(file), s.Ciphertext, people()[2]); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("age-decrypt", func(b *testing.B) {
		b.SetBytes(padded)
		for b.Loop() {
			r, err := age.Decrypt(bytes.NewReader(file), people()[2])
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, r); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkOpenStatement compares opening a statement with what age's own unwrap
// of the same header costs, which is the limit for opening many.
func BenchmarkOpenStatement(b *testing.B) {
	file, s := sealed(b, Statement, set(1, 3), make([]byte, 10<<10))
	header, err := Header(bytes.NewReader(file))
	if err != nil {
		b.Fatal(err)
	}
	me := people()[2]
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			if _, err := OpenBytes(Statement, bytes.NewReader(file), s.Ciphertext, me); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("open-at", func(b *testing.B) {
		for b.Loop() {
			if _, err := OpenBytes(Statement, bytes.NewReader(file), s.Ciphertext, At(3, me)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("age-unwrap", func(b *testing.B) {
		for b.Loop() {
			if _, err := age.DecryptHeader(header, me); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("age-decrypt", func(b *testing.B) {
		for b.Loop() {
			r, err := age.Decrypt(bytes.NewReader(file), me)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, r); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("check-own", func(b *testing.B) {
		r := set(1, 3)
		for b.Loop() {
			if err := CheckOwn(bytes.NewReader(file), r, 3, me); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("check-stanzas", func(b *testing.B) {
		r := set(1, 3)
		for b.Loop() {
			if err := checkStanzas(bytes.NewReader(file), r); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// toFile calls the function with a new file, and syncs the file.
func toFile(b *testing.B, write func(io.Writer) error) {
	b.Helper()
	f, err := os.Create(filepath.Join(b.TempDir(), "part"))
	if err != nil {
		b.Fatal(err)
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if err := write(f); err != nil {
		b.Fatal(err)
	}
	if err := f.Sync(); err != nil {
		b.Fatal(err)
	}
}
