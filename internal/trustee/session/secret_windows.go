package session

func newSecret() (*secret, error) { return nil, ErrUnsupported }
