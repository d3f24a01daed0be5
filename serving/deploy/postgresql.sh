#!/bin/sh
# PostgreSQL for Frein: its cluster is made the first time, whole or not at all; it is
# served on a socket alone. `frein` owns its database, and is no superuser.
set -eu

bin=$(echo /usr/lib/postgresql/*/bin)
cluster=/var/lib/postgresql/cluster

if [ ! -d "$cluster" ]; then
  rm -rf "$cluster.new"
  "$bin/initdb" --pgdata "$cluster.new" --username postgres --auth peer \
    --encoding UTF8 --locale C.UTF-8 --data-checksums
  printf '%s\n' 'CREATE ROLE frein LOGIN;' 'CREATE DATABASE frein OWNER frein;' |
    "$bin/postgres" --single -D "$cluster.new" postgres >/dev/null
  mv "$cluster.new" "$cluster"
fi

# A segment of WAL that is used again would keep the words of who was forgotten.
exec "$bin/postgres" -D "$cluster" -c listen_addresses= -c wal_recycle=off \
  -c unix_socket_directories=/run/postgresql
