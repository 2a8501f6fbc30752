//go:build nodynamic

package media

import (
	"bytes"
	"image"

	"github.com/gen2brain/heic"
)

// The decoder is libheif as WebAssembly. Without the build tag nodynamic that module would load the system's library
// into the process at package initialisation: this file is not compiled then, so that no program can do so.

func heicSize(b []byte) (image.Config, error) { return heic.DecodeConfig(bytes.NewReader(b)) }

func heicDecode(b []byte) (image.Image, error) { return heic.Decode(bytes.NewReader(b)) }
