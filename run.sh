#!/usr/bin/env bash
# Builds the server and its page, starts it on its embedded store with a small living city, and says where the map is.
# Ctrl-C ends it; started again, it goes on from its data folder.
#
#   ./run.sh [--web-port 8080] [--grpc-port 5001] [--data data] [--drivers 300] [--riders 60] [--no-city]
#            [--roads city.osm.pbf --center latitude,longitude]
#
# The streets are made up unless an OpenStreetMap extract is given, and with it the middle of the city in it.
# Needs Debian 12 (or any system with bash), the .NET SDK of global.json and Node 20 or newer. The commands it runs are
# in README.md, for other systems.
set -euo pipefail
called_from=$PWD
cd "$(dirname "$0")"

web_port=8080 grpc_port=5001 data=data drivers=300 riders=60 city=true roads=demo center=
while [ $# -gt 0 ]; do
    case $1 in
        --web-port) web_port=$2 ;;
        --grpc-port) grpc_port=$2 ;;
        --data) data=$2 ;;
        --drivers) drivers=$2 ;;
        --riders) riders=$2 ;;
        --roads) case $2 in demo | /*) roads=$2 ;; *) roads=$called_from/$2 ;; esac ;;
        --center) center=$2 ;;
        --no-city) city=false; shift; continue ;;
        *) sed -n '2,8p' "$0" >&2; echo "Unknown option $1" >&2; exit 2 ;;
    esac
    shift 2
done

if $city && [ "$roads" != demo ] && [ -z "$center" ]; then
    echo "Say where in $roads the city's middle is: --center latitude,longitude (or --no-city)." >&2
    exit 2
fi
for tool in dotnet node npm; do
    command -v "$tool" >/dev/null || { echo "$tool is needed (see README.md)." >&2; exit 1; }
done
for port in "$web_port" "$grpc_port"; do
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
        echo "Port $port is taken. Choose others with --web-port and --grpc-port." >&2
        exit 1
    fi
done

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
echo "Building the page and the server (a few minutes the first time) ..."
SECONDS=0
(cd clients/dashboard && npm ci --silent --no-audit --no-fund && npm run --silent build)
dotnet build src/RideTracking.Server -c Release -v quiet -nologo
dotnet build clients/simulator -c Release -v quiet -nologo
echo "Built in $SECONDS s."

server= simulator=
stop() {
    trap '' INT TERM
    # The city first, so that its cars sign off; then the server, which writes what it has and ends.
    for process in $simulator $server; do
        kill "$process" 2>/dev/null || true
        wait "$process" || true
    done
    echo "Stopped."
}
trap 'stop; exit 0' INT TERM

SECONDS=0
src/RideTracking.Server/bin/Release/net10.0/RideTracking.Server --environment Development \
    --web-port "$web_port" --grpc-port "$grpc_port" --data "$data" --roads "$roads" &
server=$!
until (exec 3<>"/dev/tcp/127.0.0.1/$web_port") 2>/dev/null; do
    kill -0 "$server" 2>/dev/null || { echo "The server did not start; its last words are above." >&2; exit 1; }
    sleep 0.2
done
if $city; then
    clients/simulator/bin/Release/net10.0/RideTracking.Simulator city --server "http://127.0.0.1:$grpc_port" \
        --token-file "$data/dev-service.token" --drivers "$drivers" --riders "$riders" ${center:+--center "$center"} &
    simulator=$!
fi
echo "Server up after $SECONDS s."
echo "Map: http://localhost:$web_port"

wait "$server" || true
stop
