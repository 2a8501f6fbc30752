package desk

import (
	"net/http"
	"slices"
	"sync"

	"zapis/internal/exit"
)

// file is something that the desk made and the browser may save. It lies in memory until the desk locks.
type file struct {
	Key, Name, MediaType string
	Bytes                []byte
}

// Path is where the browser gets it.
func (f file) Path() string { return "/saved/" + f.Key + "/" + f.Name }

// maxFiles and maxFilesSize, in bytes, bound what is kept. A bundle may fill it alone.
const (
	maxFiles     = 8
	maxFilesSize = maxBundle
)

// files are those that were made last.
type files struct {
	mu   sync.Mutex
	list []file
}

func (f *files) put(name, mediaType string, content []byte) file {
	f.mu.Lock()
	defer f.mu.Unlock()
	size := len(content)
	for _, one := range f.list {
		size += len(one.Bytes)
	}
	for len(f.list) > 0 && (len(f.list) >= maxFiles || size > maxFilesSize) {
		size -= len(f.list[0].Bytes)
		f.list = slices.Delete(f.list, 0, 1)
	}
	one := file{randomHex(8), name, mediaType, content}
	f.list = append(f.list, one)
	return one
}

// all lists them, oldest first.
func (f *files) all() []file {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.list)
}

func (f *files) get(key string) (file, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := slices.IndexFunc(f.list, func(one file) bool { return one.Key == key })
	if i < 0 {
		return file{}, false
	}
	return f.list[i], true
}

func (f *files) drop(key string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = slices.DeleteFunc(f.list, func(one file) bool { return one.Key == key })
}

func (f *files) clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, one := range f.list {
		clear(one.Bytes)
	}
	f.list = nil
}

// getSaved gives a file that was made. Its name in the address is ours.
func (s *Server) getSaved(w http.ResponseWriter, r *http.Request, _ opened) error {
	one, ok := s.files.get(r.PathValue("key"))
	if !ok || one.Name != r.PathValue("name") {
		return exit.New(exit.Failed, "make it again", "that file is not kept any more")
	}
	attach(w, one.MediaType, one.Name)
	_, err := w.Write(one.Bytes)
	return err
}
