package timestamp

import (
	"sync"

	"github.com/digitorus/pkcs7"
	"github.com/digitorus/timestamp"

	"zapis/crypto/canonical"
)

// reading is held while the library parses: it counts the depth of what it
// reads in a variable of its package, which two goroutines must not do at once.
var reading sync.Mutex

func readSigned(token []byte) (*pkcs7.PKCS7, error) {
	reading.Lock()
	defer reading.Unlock()
	p7, err := pkcs7.Parse(token)
	if err != nil {
		return nil, canonical.Refuse("it can't be read: %w", err)
	}
	return p7, nil
}

func readInfo(token []byte) (*timestamp.Timestamp, error) {
	reading.Lock()
	defer reading.Unlock()
	info, err := timestamp.Parse(token)
	if err != nil {
		return nil, canonical.Refuse("it can't be read: %w", err)
	}
	return info, nil
}
