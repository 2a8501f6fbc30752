package main

import (
	"bytes"
	"image"
	"image/color"
	imagejpeg "image/jpeg"
	"image/png"
	"math"
	"os"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// picture writes one and the same picture in a size of its own: picture FILE WIDTH HEIGHT.
func picture(ts *testscript.TestScript, _ bool, args []string) {
	width, err := strconv.Atoi(args[1])
	ts.Check(err)
	height, err := strconv.Atoi(args[2])
	ts.Check(err)
	img := image.NewGray(image.Rect(0, 0, width, height))
	for i := range img.Pix {
		x, y := float64(i%width)/float64(width), float64(i/width)/float64(height)
		img.Pix[i] = uint8(130 + 50*math.Sin(13*x+7*y) + 40*math.Cos(11*y-5*x))
	}
	var b bytes.Buffer
	if strings.HasSuffix(args[0], ".jpg") {
		ts.Check(imagejpeg.Encode(&b, img, nil))
	} else {
		ts.Check(png.Encode(&b, img))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b.Bytes(), 0o600))
}

// black says whether boxes of a PNG are black throughout: black FILE X,Y,W,H…
func black(ts *testscript.TestScript, neg bool, args []string) {
	content, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	img, err := png.Decode(bytes.NewReader(content))
	ts.Check(err)
	boxes, err := boxesOf(args[1:])
	ts.Check(err)
	all := true
	for _, b := range boxes {
		for y := b[1]; y < b[1]+b[3]; y++ {
			for x := b[0]; x < b[0]+b[2]; x++ {
				all = all && color.GrayModel.Convert(img.At(x, y)) == color.Gray{}
			}
		}
	}
	if all == neg {
		ts.Fatalf("black: %v", all)
	}
}
