#!/bin/sh
# Run once by the image, when it has made the database: one login for each house, which may act as
# that house's role and as nothing else.
set -eu

for house in intake verification ledger; do
    name=$(echo "$house" | tr '[:lower:]' '[:upper:]')_PASSWORD
    eval "password=\${$name:?is needed}"
    # shellcheck disable=SC2154 - set by the line above
    psql --quiet --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
        --set ON_ERROR_STOP=1 --set house="$house" --set password="$password" <<'SQL'
CREATE ROLE :"house" LOGIN NOINHERIT PASSWORD :'password';
SELECT 'makegood_' || :'house' AS role \gset
CREATE ROLE :"role" NOLOGIN;
GRANT :"role" TO :"house";
SQL
done
