package sample

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
)

// photo draws a street as a JPEG: sky, houses, a road, a car and a person. The scene's number decides their positions.
func photo(scene uint64) ([]byte, error) {
	r := rand.New(rand.NewPCG(scene, 1))
	m := image.NewRGBA(image.Rect(0, 0, 960, 720))
	for y := range 430 {
		box(m, 0, y, 960, y+1, color.RGBA{uint8(110 + y/4), uint8(135 + y/5), uint8(165 + y/7), 255})
	}
	for x := 0; x < 960; {
		w, h := 90+r.IntN(110), 140+r.IntN(210)
		grey := uint8(95 + r.IntN(70))
		box(m, x, 430-h, x+w, 430, color.RGBA{grey, grey - 8, grey - 18, 255})
		for wy := 430 - h + 18; wy < 400; wy += 38 {
			for wx := x + 12; wx < x+w-18; wx += 30 {
				lit := color.RGBA{54, 60, 72, 255}
				if r.IntN(4) == 0 {
					lit = color.RGBA{226, 200, 132, 255}
				}
				box(m, wx, wy, wx+15, wy+22, lit)
			}
		}
		x += w
	}
	box(m, 0, 430, 960, 470, color.RGBA{138, 136, 130, 255})
	box(m, 0, 470, 960, 720, color.RGBA{72, 73, 77, 255})
	for x := 20; x < 960; x += 120 {
		box(m, x, 590, x+60, 598, color.RGBA{205, 205, 196, 255})
	}

	x, paint := 120+r.IntN(480), color.RGBA{uint8(r.IntN(120)), uint8(r.IntN(110)), uint8(30 + r.IntN(120)), 255}
	box(m, x, 500, x+260, 560, paint)
	box(m, x+50, 452, x+205, 500, paint)
	box(m, x+60, 460, x+122, 498, color.RGBA{150, 172, 186, 255})
	box(m, x+132, 460, x+196, 498, color.RGBA{150, 172, 186, 255})
	disc(m, x+58, 560, 28, color.RGBA{24, 24, 26, 255})
	disc(m, x+202, 560, 28, color.RGBA{24, 24, 26, 255})

	px := 60 + r.IntN(820)
	box(m, px-17, 372, px+17, 450, color.RGBA{44, 46, 52, 255})
	disc(m, px, 354, 17, color.RGBA{176, 146, 124, 255})

	var out bytes.Buffer
	err := jpeg.Encode(&out, m, &jpeg.Options{Quality: 82})
	return out.Bytes(), err
}

// screenshot draws a telephone's chat as a PNG, with grey bars in place of words.
func screenshot(scene uint64) ([]byte, error) {
	r := rand.New(rand.NewPCG(scene, 2))
	m := image.NewRGBA(image.Rect(0, 0, 540, 1080))
	box(m, 0, 0, 540, 1080, color.RGBA{232, 236, 239, 255})
	box(m, 0, 0, 540, 96, color.RGBA{68, 94, 120, 255})
	disc(m, 60, 50, 28, color.RGBA{190, 200, 210, 255})
	box(m, 106, 32, 280, 48, color.RGBA{228, 234, 240, 255})
	box(m, 106, 60, 206, 70, color.RGBA{168, 186, 204, 255})
	for y := 130; y < 960; {
		lines := 1 + r.IntN(4)
		h, left, paper := 34+lines*22, 24, color.RGBA{255, 255, 255, 255}
		if r.IntN(3) == 0 {
			left, paper = 150, color.RGBA{214, 240, 206, 255}
		}
		box(m, left, y, left+364, y+h, paper)
		for l := range lines {
			width := 150 + r.IntN(180)
			box(m, left+18, y+16+l*22, left+18+width, y+26+l*22, color.RGBA{120, 126, 132, 255})
		}
		box(m, left+306, y+h-14, left+350, y+h-8, color.RGBA{176, 182, 188, 255})
		y += h + 18
	}
	box(m, 0, 1000, 540, 1080, color.RGBA{248, 249, 250, 255})
	box(m, 28, 1024, 430, 1056, color.RGBA{226, 230, 233, 255})
	disc(m, 486, 1040, 24, color.RGBA{68, 94, 120, 255})

	var out bytes.Buffer
	err := png.Encode(&out, m)
	return out.Bytes(), err
}

func box(m draw.Image, x0, y0, x1, y1 int, c color.Color) {
	draw.Draw(m, image.Rect(x0, y0, x1, y1), image.NewUniform(c), image.Point{}, draw.Src)
}

func disc(m draw.Image, cx, cy, radius int, c color.Color) {
	for y := -radius; y <= radius; y++ {
		for x := -radius; x <= radius; x++ {
			if x*x+y*y <= radius*radius {
				m.Set(cx+x, cy+y, c)
			}
		}
	}
}
