#!/bin/sh
# Run once by the image, when it has made the database: one login for each service, which may act as
# that service's role and as nothing else.
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
