#!/usr/bin/env bash
# Makes secrets/users.acl of the passwords in .env: Redis gets their hashes alone.
set -euo pipefail
cd "$(dirname "$0")"
hash_of() {
    local value
    value=$(sed -n "s/^$1=//p" .env)
    if [ "${#value}" -lt 16 ]; then
        echo "$1 in .env must have 16 characters or more." >&2
        exit 1
    fi
    printf %s "$value" | sha256sum | cut -d' ' -f1
}
nodes=$(hash_of REDIS_PASSWORD)
admin=$(hash_of REDIS_ADMIN_PASSWORD)
mkdir -p secrets
sed "s/@REDIS_PASSWORD_SHA256@/$nodes/; s/@REDIS_ADMIN_PASSWORD_SHA256@/$admin/" users.acl.template > secrets/users.acl
chmod 644 secrets/users.acl
