package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"zapis/internal/exit"
)

// rights are what a role may not have: it would reach more than this ledger, or files of the server. held is a column of
// pg_roles; taken is how ALTER ROLE takes it away.
var rights = []struct{ held, taken, what string }{
	{"rolsuper", "NOSUPERUSER", "is a superuser"},
	{"rolcreaterole", "NOCREATEROLE", "may make roles"},
	{"rolcreatedb", "NOCREATEDB", "may make databases"},
	{"rolreplication", "NOREPLICATION", "may copy the whole server"},
	{"rolbypassrls", "NOBYPASSRLS", "may pass by row security"},
}

// checkRole refuses a role with more rights than this ledger needs, its own or of a role that it can become. The rights to ask
// for a checkpoint and for a new file of the write-ahead log are wanted: erasing uses them.
func checkRole(ctx context.Context, conn *pgx.Conn) error {
	refuse := func(hint, format string, args ...any) error {
		return exit.New(exit.Failed, hint+"; docs/guides/cluster.md lists what it needs", "%w: "+format, append([]any{ErrSettings}, args...)...)
	}
	for _, r := range rights {
		var role, other string
		switch err := conn.QueryRow(ctx, `SELECT quote_ident(session_user), quote_ident(rolname) FROM pg_roles
WHERE `+r.held+` AND pg_has_role(session_user, oid, 'MEMBER') ORDER BY rolname <> session_user, rolname LIMIT 1`).Scan(&role, &other); {
		case err == pgx.ErrNoRows:
		case err != nil:
			return err
		case role == other:
			return refuse(fmt.Sprintf("ALTER ROLE %s %s", role, r.taken), "the role %s %s", role, r.what)
		default:
			return refuse(fmt.Sprintf("REVOKE %s FROM %s", other, role), "the role %s can become %s, which %s", role, other, r.what)
		}
	}
	var role, other string
	var direct bool
	switch err := conn.QueryRow(ctx, `SELECT quote_ident(session_user), quote_ident(r.rolname), EXISTS (SELECT FROM pg_auth_members m JOIN pg_roles u ON u.oid = m.member
	WHERE m.roleid = r.oid AND u.rolname = session_user) AS direct FROM pg_roles r
WHERE r.rolname LIKE 'pg\_%' AND r.rolname NOT IN ('pg_checkpoint', 'pg_database_owner') AND pg_has_role(session_user, r.oid, 'MEMBER') ORDER BY direct DESC, r.rolname LIMIT 1`).Scan(&role, &other, &direct); {
	case err == nil && direct:
		return refuse(fmt.Sprintf("REVOKE %s FROM %s", other, role), "the role %s is a member of %s", role, other)
	case err == nil:
		return refuse(fmt.Sprintf("REVOKE %s from the role through which %s is a member", other, role), "the role %s is a member of %s", role, other)
	case err != pgx.ErrNoRows:
		return err
	}
	var function string
	switch err := conn.QueryRow(ctx, `SELECT quote_ident(session_user), oid::regprocedure::text FROM pg_proc
WHERE pronamespace = 'pg_catalog'::regnamespace AND proacl IS NOT NULL AND proname <> 'pg_switch_wal'
	AND has_function_privilege(session_user, oid, 'EXECUTE') AND NOT has_function_privilege('public', oid, 'EXECUTE') ORDER BY 2 LIMIT 1`).Scan(&role, &function); {
	case err == nil:
		return refuse(fmt.Sprintf("REVOKE EXECUTE ON FUNCTION %s FROM %s", function, role), "the role %s may call %s", role, function)
	case err != pgx.ErrNoRows:
		return err
	}
	return nil
}
