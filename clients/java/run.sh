#!/usr/bin/env bash
# run.sh driver|rider [options]
set -euo pipefail
folder=$(dirname "$0")
. "$folder/libraries.sh"

case "${1:-}" in
    driver) main=Driver ;;
    rider) main=Rider ;;
    *) echo "run.sh driver|rider [options]" >&2; exit 2 ;;
esac
shift
# Small and quick to start, as an example should be.
exec java -Xmx128m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp "$folder/build/classes:$class_path" "com.ridetracking.examples.$main" "$@"
