package postgres

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"zapis/internal/exit"
)

// sessionSettings are what each connection asks for as it begins. Statements name rows by their keys. They are planned once
// each, by the index: a plan that was made while a table was small would read all of it, and one for each call takes as
// long as the rows.
var sessionSettings = map[string]string{"plan_cache_mode": "force_generic_plan", "enable_seqscan": "off", "jit": "off"}

const addressHint = "postgres://USER@HOST:5432/DATABASE?sslmode=verify-full; several hosts are HOST,HOST with target_session_attrs=read-write"

// mostOfMessage is the most bytes that a server may send as one message, such as a row: more than kv.MostOfAll, and less than the
// gigabyte that a value can have.
const mostOfMessage = 4 << 20

// parse reads a DSN, and refuses one by which a connection would be made without encryption, or to a server that shows no
// certificate. Errors do not contain the DSN: it may hold a password.
func parse(dsn string) (*pgxpool.Config, error) {
	c, err := readAddress(dsn)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(c.ConnConfig.RuntimeParams)) {
		if name != "application_name" {
			return nil, exit.New(exit.Usage, "leave it out: settings of the server are set in postgresql.conf", "the address of the database has the parameter %q, which is not known", name)
		}
	}
	if err := checkEncrypted(c.ConnConfig); err != nil {
		return nil, err
	}
	if err := checkSecretFiles(dsn); err != nil {
		return nil, err
	}
	c.ConnConfig.RuntimeParams["application_name"] = "zapis"
	maps.Copy(c.ConnConfig.RuntimeParams, sessionSettings)
	c.ConnConfig.StatementCacheCapacity = statements
	c.ConnConfig.MaxProtocolMessageBodyLen = mostOfMessage
	return c, nil
}

func readAddress(dsn string) (*pgxpool.Config, error) {
	c, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, exit.New(exit.Usage, addressHint, "the address of the database can't be read")
	}
	return c, nil
}

// checkEncrypted refuses every way by which a connection to another machine would not be encrypted, or go to a server that
// does not prove who it is. sslmode=prefer, which holds where nothing is said, tries again without encryption.
func checkEncrypted(c *pgx.ConnConfig) error {
	ways := append([]*pgconn.FallbackConfig{{Host: c.Host, TLSConfig: c.TLSConfig}}, c.Fallbacks...)
	for _, w := range ways {
		if isLocal(w.Host) || verifies(w.TLSConfig) {
			continue
		}
		return exit.New(exit.Usage, "add sslmode=verify-full, and sslrootcert=FILE where the server's certificate is of an authority of your own",
			"the connection to %s would not be encrypted, or the server there need not prove who it is", w.Host)
	}
	return nil
}

// verifies reports whether a connection verifies the server's certificate; nil is none.
func verifies(c *tls.Config) bool {
	return c != nil && (!c.InsecureSkipVerify || c.VerifyPeerCertificate != nil || c.VerifyConnection != nil)
}

// isLocal reports whether a host is this machine: a loopback address, or the folder of a socket.
func isLocal(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || filepath.IsAbs(host) || err == nil && ip.IsLoopback()
}

// checkSecretFiles refuses a password file or a key that others can read: PostgreSQL's own programs do not use one either.
func checkSecretFiles(dsn string) error {
	u, err := url.Parse(dsn)
	if err != nil {
		return nil // pgx has read it in another form
	}
	q := u.Query()
	for _, path := range []string{q.Get("passfile"), q.Get("sslkey")} {
		if path == "" {
			continue
		}
		info, err := os.Stat(path)
		if err != nil {
			return exit.New(exit.Failed, "name a file that this user can read", "the address of the database names the file %s: %w", path, errors.Unwrap(err))
		}
		if info.Mode().Perm()&0o077 != 0 {
			return exit.New(exit.Failed, "chmod 600 "+path, "%s can be read by others", path)
		}
	}
	return nil
}

// connectFault says what went wrong where no server has answered as PostgreSQL does, and what to do; ok is false for
// another error. pgx's own text repeats the configuration.
func connectFault(err error) (text, hint string, ok bool) {
	var connect *pgconn.ConnectError
	if !errors.As(err, &connect) {
		return "", "", false
	}
	var dns *net.DNSError
	var network net.Error
	var certificate *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	var record tls.RecordHeaderError
	reach := "look whether PostgreSQL runs there, and whether this host may reach it"
	switch {
	case errors.As(err, &dns):
		return "no connection: there is no host of this name", "look at the name of the host in the address", true
	case errors.As(err, &certificate), errors.As(err, &unknown):
		return "no connection: the server's certificate does not verify", "look at the host's name in the certificate, and at sslrootcert", true
	case errors.Is(err, syscall.ECONNREFUSED):
		return "no connection: refused", reach, true
	case errors.As(err, &network) && network.Timeout():
		return "no connection: no answer in time", reach, true
	case errors.As(err, &record):
		return "no connection: what answers does not speak TLS as PostgreSQL does", "look at the port: something else may listen there", true
	}
	return "no connection: what answers is no PostgreSQL, or refuses TLS", "look at the port: something else may listen there; look at ssl in postgresql.conf", true
}

// Ports returns the TCP ports of a DSN's hosts.
func Ports(dsn string) ([]uint16, error) {
	c, err := readAddress(dsn)
	if err != nil {
		return nil, err
	}
	ports := []uint16{c.ConnConfig.Port}
	for _, f := range c.ConnConfig.Fallbacks {
		ports = append(ports, f.Port)
	}
	return ports, nil
}

var errPooler = fmt.Errorf("%w: the session does not have the settings that were asked for", ErrSettings)
