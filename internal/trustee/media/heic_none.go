//go:build !nodynamic

package media

import "image"

func heicSize([]byte) (image.Config, error) { return image.Config{}, refuse(NoHEIC) }

func heicDecode([]byte) (image.Image, error) { return nil, refuse(NoHEIC) }
