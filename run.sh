#!/usr/bin/env bash
# Builds the server and its page, starts it on its embedded store with a small living city, and says where the map is.
# Ctrl-C ends it; started again, it goes on from its data folder.
#
#   ./run.sh [--web-port 8080] [--grpc-port 5001] [--management-port 9464] [--data data] [--drivers 300] [--riders 60] [--no-city]
#            [--roads city.osm.pbf --center latitude,longitude] [--redis host:port] [--nodes 3]
#
# With --nodes it starts several, on ports one above the other, over one Redis: the one given, or a redis-server of its own
# where one is installed. Kill one by hand, and the others go on.
# The streets are made up unless an OpenStreetMap extract is given, and with it the middle of the city in it.
# Needs Debian 12 (or any system with bash), the .NET SDK of global.json and Node 20 or newer. The commands it runs are
# in README.md, for other systems.
set -euo pipefail
called_from=$PWD
cd "$(dirname "$0")"

web_port=8080 grpc_port=5001 management_port=9464 data=data drivers=300 riders=60 city=true roads=demo center= redis= nodes=1
while [ $# -gt 0 ]; do
    case $1 in
        --web-port) web_port=$2 ;;
        --grpc-port) grpc_port=$2 ;;
        --management-port) management_port=$2 ;;
        --data) data=$2 ;;
        --drivers) drivers=$2 ;;
        --riders) riders=$2 ;;
        --roads) case $2 in demo | /*) roads=$2 ;; *) roads=$called_from/$2 ;; esac ;;
        --center) center=$2 ;;
        --redis) redis=$2 ;;
        --nodes) nodes=$2 ;;
        --no-city) city=false; shift; continue ;;
        *) sed -n '2,10p' "$0" >&2; echo "Unknown option $1" >&2; exit 2 ;;
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
case $nodes in [1-9]) ;; *) echo "--nodes takes 1 to 9." >&2; exit 2 ;; esac
if [ "$nodes" -gt 1 ] && [ -z "$redis" ]; then
    command -v redis-server >/dev/null || { echo "Several nodes share a Redis: install redis-server, or give one with --redis host:port." >&2; exit 1; }
fi
for port in $(seq "$web_port" $((web_port + nodes - 1))) $(seq "$grpc_port" $((grpc_port + nodes - 1))) $(seq "$management_port" $((management_port + nodes - 1))); do
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
        echo "Port $port is taken. Choose others with --web-port, --grpc-port and --management-port." >&2
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

servers= simulator= store=
stop() {
    trap '' INT TERM
    # The city first, so that its cars sign off; then the server, which writes what it has and ends.
    for process in $simulator $servers $store; do
        kill "$process" 2>/dev/null || true
        wait "$process" || true
    done
    echo "Stopped."
}
trap 'stop; exit 0' INT TERM

is_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

SECONDS=0
if [ "$nodes" -gt 1 ] && [ -z "$redis" ]; then
    # Each command is on disk before it is answered.
    mkdir -p "$data/redis"
    redis_port=$((grpc_port + 1000))
    redis-server --port "$redis_port" --bind 127.0.0.1 --dir "$data/redis" --appendonly yes --appendfsync always --save "" --loglevel warning &
    store=$!
    redis=127.0.0.1:$redis_port
    until is_open "$redis_port"; do
        kill -0 "$store" 2>/dev/null || { echo "The redis-server did not start; its last words are above." >&2; exit 1; }
        sleep 0.2
    done
fi
addresses=
for node in $(seq 0 $((nodes - 1))); do
    src/RideTracking.Server/bin/Release/net10.0/RideTracking.Server --environment Development \
        --web-port $((web_port + node)) --grpc-port $((grpc_port + node)) --management-port $((management_port + node)) --data "$data" --roads "$roads" ${redis:+--redis "$redis"} &
    servers="$servers $!"
    # One after the other: the first makes the keys and the roads that all of them use.
    until is_open $((web_port + node)); do
        kill -0 $! 2>/dev/null || { echo "The server did not start; its last words are above." >&2; stop; exit 1; }
        sleep 0.2
    done
    addresses=$addresses${addresses:+,}http://127.0.0.1:$((grpc_port + node))
done
if $city; then
    clients/simulator/bin/Release/net10.0/RideTracking.Simulator city --server "$addresses" \
        --token-file "$data/dev-service.token" --drivers "$drivers" --riders "$riders" ${center:+--center "$center"} &
    simulator=$!
fi
echo "Server up after $SECONDS s."
for node in $(seq 0 $((nodes - 1))); do
    echo "Map: http://localhost:$((web_port + node))/?key=$(cat "$data/dev-page.key")"
done
if [ "$nodes" -gt 1 ]; then
    echo "The nodes' processes:$servers"
fi

# Until the last has ended.
for process in $servers; do
    wait "$process" || true
done
stop
