#!/usr/bin/env bash
# Generates and builds the example clients: clients/generate.sh [python] [go] [java]; all without arguments. Quick and quiet when
# nothing changed. Node reads the contract as it is and needs `npm ci` only.
set -euo pipefail
cd "$(dirname "$0")"

for language in "${@:-python go java}"; do
    for each in $language; do
        "$each/build.sh"
    done
done
