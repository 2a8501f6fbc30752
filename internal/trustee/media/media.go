// Package media shows attachments without trusting them. A Client starts a worker, which is this program again under
// the hidden verb Verb: a process without files, network or other processes (internal/sandbox), with limited memory.
// The worker decodes a file and returns a picture, a sound or a text that it has encoded itself. A worker that
// crashes, hangs or exceeds a limit is killed and replaced, and the caller gets an Error with a code.
//
// Nothing is written to a disk. WebAssembly decoders (PDF, HEIC) get no files, and their compiled code stays in the worker's
// memory. See docs/media.md.
package media

import (
	"fmt"
	"time"
)

// Verb is the hidden first argument under which a program must call WorkerMain before it does anything else.
const Verb = "media-worker"

// Limits of one request and its answer.
const (
	MaxInput   = 256 << 20 // bytes of a file
	MaxPixels  = 120e6     // of a picture that is decoded
	maxSide    = 32_768    // pixels of a picture's width or height
	maxDecoded = 640 << 20 // bytes of a decoded picture
	maxAnswer  = 64 << 20  // bytes of an answer
	maxHeader  = 1 << 20   // bytes of an answer's or a request's header

	// ThumbnailSide and PageSide are the longest sides of the pictures of View, in pixels.
	ThumbnailSide = 512
	PageSide      = 1600

	textPage  = 64 << 10         // bytes of text on one page
	soundPage = 10 * time.Minute // of sound on one page
	soundRate = 16_000           // samples per second of returned sound, one channel of 16 bits
)

// A Code is the reason why something is not shown. The codes are stable; the desk's locale files have the sentences.
type Code string

const (
	NotShown      Code = "not_shown"       // no decoder for this kind: it is opened elsewhere
	TooLarge      Code = "too_large"       // more bytes than MaxInput, or an answer of too many
	TooManyPixels Code = "too_many_pixels" // from the header, before anything is decoded
	Damaged       Code = "damaged"         // cut, or not what its first bytes promise
	Password      Code = "password"        // a PDF that opens with a passphrase only
	NoSuchPage    Code = "no_such_page"
	BadBoxes      Code = "bad_boxes"     // no box, or one that covers nothing of the picture
	NotProved     Code = "not_proved"    // the redacted copy, decoded again, is not what it must be
	TimedOut      Code = "timed_out"     // the worker was killed
	Crashed       Code = "crashed"       // the worker ended by itself, or was out of memory
	NotIsolated   Code = "not_isolated"  // this system can't isolate a process from files and network: nothing is decoded
	NoHEIC        Code = "no_heic"       // this program was built without the tag nodynamic
	BadAnswer     Code = "bad_answer"    // the worker's answer has an invalid form
	NotStarted    Code = "not_started"   // the worker could not be started
	ClientClosed  Code = "client_closed" // the desk is locked
)

// sentences are the texts of Error by code.
var sentences = map[Code]string{
	NotShown: "files of this kind can't be shown here", TooLarge: "the file is too large to be shown here",
	TooManyPixels: "the picture has too many pixels to be shown here", Damaged: "the file is damaged or cut",
	Password: "the file opens with a passphrase only", NoSuchPage: "there is no such page",
	BadBoxes: "each box must cover a part of the picture", NotProved: "the redacted copy could not be proved",
	TimedOut: "showing the file took too long", Crashed: "the file made its reader fail",
	NotIsolated: "this system can't isolate a process, so nothing is opened here", NoHEIC: "this build can't show HEIC pictures",
	BadAnswer: "the file's reader answered wrongly", NotStarted: "the file's reader could not be started",
	ClientClosed: "the desk is locked",
}

// Error is a refusal with its code. It never contains anything of the file.
type Error struct {
	Code Code
}

func (e *Error) Error() string {
	if s, ok := sentences[e.Code]; ok {
		return s
	}
	return fmt.Sprintf("the file can't be shown (%s)", string(e.Code))
}

// all reports whether a refusal concerns every file, and not the one that was sent.
func (c Code) all() bool { return c == NotIsolated || c == NotStarted || c == ClientClosed }

func refuse(code Code) error { return &Error{code} }

// A Request requests one view of one file.
type Request struct {
	Data    []byte `json:"-"`
	Name    string `json:"name"`              // what the sender calls the file
	Page    int    `json:"page,omitempty"`    // from 0: a page of a PDF, TIFF, HEIC or text, ten minutes of sound
	Side    int    `json:"side,omitempty"`    // longest side of a picture in pixels: ThumbnailSide where it is 0, at most PageSide
	Blurred bool   `json:"blurred,omitempty"` // grey and blurred beyond recognition
}

// A Shape is what a view consists of.
type Shape string

const (
	ShapePicture Shape = "picture" // Picture is set
	ShapePages   Shape = "pages"   // so it is, of one of several pages
	ShapeSound   Shape = "sound"   // Sound and Picture, its waveform, are set
	ShapeText    Shape = "text"    // Text is set
)

// A Note is a code for what a reader of the view should know. The desk's locale files have the sentences.
type Note string

const (
	NoteAnimated    Note = "animated"     // only the first picture is shown
	NoteScripts     Note = "scripts"      // the file holds scripts, which were not run
	NoteTrailing    Note = "trailing"     // bytes after the file's end
	NoteThumbnail   Note = "thumbnail"    // the file contains a small copy of itself
	NoteEarlier     Note = "earlier"      // the file contains an earlier version of itself
	NoteNotSearched Note = "not_searched" // parts of the file could not be searched for places
	NoteCut         Note = "cut"          // the file ends early: what could be read is shown
	NoteHTML        Note = "html"         // a mail's page, as plain text
	NoteGuessed     Note = "guessed"      // the text's encoding was guessed
)

// A Field is one line of a file's metadata. Invisible and direction characters in it are escaped.
type Field struct {
	Group string `json:"group"` // EXIF, XMP, IPTC, PDF, file
	Name  string `json:"name"`
	Value string `json:"value"`
}

// A View is what may be shown of a file: nothing in it is the file's own encoding.
type View struct {
	MediaType   string   `json:"media_type"` // of the file, by its container and name
	Shape       Shape    `json:"shape,omitempty"`
	Page        int      `json:"page"`
	Pages       int      `json:"pages"`            // at least this many; of sound the rest is not counted
	Width       int      `json:"width,omitempty"`  // of the picture at full size, upright, in pixels: boxes use these coordinates
	Height      int      `json:"height,omitempty"` // of a PDF page as it is drawn when it is redacted
	Metadata    []Field  `json:"metadata,omitempty"`
	Place       bool     `json:"place,omitempty"`  // a place was found in the metadata
	Places      []string `json:"places,omitempty"` // what kinds of metadata hold it
	Latitude    float64  `json:"latitude,omitempty"`
	Longitude   float64  `json:"longitude,omitempty"`
	Hash        uint64   `json:"hash,omitempty"` // set by Client.Hash alone
	Notes       []Note   `json:"notes,omitempty"`
	Refused     Code     `json:"refused,omitempty"`      // why there is no Shape; metadata may be there all the same
	PictureType string   `json:"picture_type,omitempty"` // image/png or image/jpeg

	Picture []byte `json:"-"`
	Sound   []byte `json:"-"` // WAV, 16 kHz, one channel
	Text    string `json:"-"` // invisible and direction characters are escaped; it is not escaped for HTML
}

// A Box is a rectangle in the upright picture at full size, in pixels: X and Y are its upper left corner.
type Box struct {
	X      int `json:"x"`
	Y      int `json:"y"`
	Width  int `json:"width"`
	Height int `json:"height"`
}

// A Redaction is a copy of a picture or a PDF page into which boxes were burned: a PNG of pixels only. The record
// names the source and the result.
type Redaction struct {
	PNG    []byte
	Record Record
}

// Record is what a trustee's log stores of a redaction.
type Record struct {
	Source string `json:"source"` // SHA-256 of the file, lower-case hex
	Page   int    `json:"page"`   // from 0
	Width  int    `json:"width"`  // of the copy, in pixels
	Height int    `json:"height"`
	Boxes  []Box  `json:"boxes"`
	Reason string `json:"reason"`
	Result string `json:"result"` // SHA-256 of PNG
}
