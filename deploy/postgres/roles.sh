#!/bin/sh
# The image runs this once, after it has created the database. Each service gets one login, which may
# act as that service's role and as no other.
set -eu

for service in intake verification ledger; do
    name=$(echo "$service" | tr '[:lower:]' '[:upper:]')_PASSWORD
    eval "password=\${$name:?is needed}"
    # shellcheck disable=SC2154 - set by the line above
    psql --quiet --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
        --set ON_ERROR_STOP=1 --set service="$service" --set password="$password" <<'SQL'
CREATE ROLE :"service" LOGIN NOINHERIT PASSWORD :'password';
SELECT 'makegood_' || :'service' AS role \gset
CREATE ROLE :"role" NOLOGIN;
GRANT :"role" TO :"service";
SQL
done
