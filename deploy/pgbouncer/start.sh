#!/bin/sh
# Writes PgBouncer's files from the environment, so that no password stands in an image, and becomes PgBouncer.
set -eu
umask 077
folder=${PGBOUNCER_FOLDER:-/tmp}
password=$(printf '%s' "${VENTAS_LOGIN_PASSWORD:?}" | sed 's/"/""/g')
printf '"ventas_login" "%s"\n' "$password" >"$folder/users.txt"
cat >"$folder/pgbouncer.ini" <<END
[databases]
ventas = host=${DATABASE_HOST:?} port=${DATABASE_PORT:-5432} dbname=${DATABASE_NAME:-ventas}

[pgbouncer]
listen_addr = ${PGBOUNCER_ADDRESS:-*}
listen_port = ${PGBOUNCER_PORT:-6432}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = $folder/users.txt
; Each transaction gets some connection: ours leave nothing behind on it (app/database.py), so none is reset.
pool_mode = transaction
default_pool_size = ${PGBOUNCER_POOL_SIZE:-20}
max_client_conn = ${PGBOUNCER_CLIENTS:-500}
query_wait_timeout = 5
; The time of a statement and of an idle transaction is limited by what each transaction sets for itself.
server_idle_timeout = 600
log_connections = 0
log_disconnections = 0
END
exec pgbouncer "$folder/pgbouncer.ini"
