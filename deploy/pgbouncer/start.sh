#!/bin/sh
# The password comes from the environment, and is kept in memory only: /run/pgbouncer is a tmpfs.
set -eu
umask 077
printf '"taskapp" "%s"\n' "$POSTGRES_PASSWORD" > /run/pgbouncer/users.txt
exec pgbouncer /etc/pgbouncer/pgbouncer.ini
