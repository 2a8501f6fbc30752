package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"zapis/internal/exit"
)

// excess gives what a role should not have, in one statement: it would reach more than this ledger, or files of the server. First come its
// own attributes and those of roles that it can become, then predefined roles, then functions that are not for all. The
// rights to ask for a checkpoint and for a new file of the write-ahead log are wanted: erasing uses them.
const excess = `WITH me AS (SELECT oid, rolname, quote_ident(rolname) AS name FROM pg_roles WHERE rolname = session_user)
SELECT CASE WHEN r.oid = me.oid THEN format('the role %s %s', me.name, a.what) ELSE format('the role %s can become %I, which %s', me.name, r.rolname, a.what) END,
	CASE WHEN r.oid = me.oid THEN format('ALTER ROLE %s %s', me.name, a.taken) ELSE format('REVOKE %I FROM %s', r.rolname, me.name) END,
	a.place AS kind, r.oid <> me.oid AS indirect, r.rolname::text AS name
FROM me, pg_roles r, LATERAL (VALUES (1, r.rolsuper, 'NOSUPERUSER', 'is a superuser'), (2, r.rolcreaterole, 'NOCREATEROLE', 'may make roles'),
	(3, r.rolcreatedb, 'NOCREATEDB', 'may make databases'), (4, r.rolreplication, 'NOREPLICATION', 'may copy the whole server'),
	(5, r.rolbypassrls, 'NOBYPASSRLS', 'may pass by row security')) a(place, held, taken, what)
WHERE a.held AND pg_has_role(me.oid, r.oid, 'MEMBER')
UNION ALL
SELECT format('the role %s is a member of %I', me.name, r.rolname),
	CASE WHEN d.direct THEN format('REVOKE %I FROM %s', r.rolname, me.name) ELSE format('REVOKE %I from the role through which %s is a member', r.rolname, me.name) END,
	6, NOT d.direct, r.rolname::text
FROM me, pg_roles r, LATERAL (SELECT EXISTS (SELECT FROM pg_auth_members m WHERE m.roleid = r.oid AND m.member = me.oid)) d(direct)
WHERE r.rolname LIKE 'pg\_%' AND r.rolname NOT IN ('pg_checkpoint', 'pg_database_owner') AND pg_has_role(me.oid, r.oid, 'MEMBER')
UNION ALL
SELECT format('the role %s may call %s', me.name, p.oid::regprocedure), format('REVOKE EXECUTE ON FUNCTION %s FROM %s', p.oid::regprocedure, me.name), 7, false, p.oid::regprocedure::text
FROM me, pg_proc p
WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.proacl IS NOT NULL AND p.proname <> 'pg_switch_wal'
	AND has_function_privilege(me.oid, p.oid, 'EXECUTE') AND NOT has_function_privilege('public', p.oid, 'EXECUTE')
ORDER BY kind, indirect, name LIMIT 1`

// roleWarning returns what a role has and should not, of itself or of a role that it can become, with the statement that takes it away
// as the hint; nil if it has no more than this ledger needs. err is that of asking.
func roleWarning(ctx context.Context, conn *pgx.Conn) (warning, err error) {
	var what, hint, name string
	var kind int
	var indirect bool
	switch err := conn.QueryRow(ctx, excess).Scan(&what, &hint, &kind, &indirect, &name); err {
	case nil:
		return exit.New(exit.Failed, hint+"; docs/guides/cluster.md lists what it needs", "the database: %s", what), nil
	case pgx.ErrNoRows:
		return nil, nil
	default:
		return nil, err
	}
}
