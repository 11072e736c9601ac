#!/usr/bin/env bash
# Installs what the tests need, builds everything, runs every check and every test of every language, and ends with
# `N passed, N failed, N skipped` alone on a line. Exits with 0 only when nothing failed. Says how long each part took;
# more than half an hour in all counts as a failure, too, since that is what two cores are given.
# Needs Debian 12 with root or sudo, the .NET SDK of global.json, Node 20 or newer. Network: package registries only.
set -uo pipefail
cd "$(dirname "$0")/.."

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
export CHROMIUM="${CHROMIUM:-/usr/bin/chromium}"

configuration=Release
reports=artifacts/test-reports
longest_run_minutes=30
checks_failed=0
parts=()
rm -rf "$reports"
mkdir -p "$reports"

# Tells how long each part took, counts the reports, adds the checks that failed, and ends.
finish() {
    printf '\n== Done\n'
    printf '%6s s  %s\n' "${parts[@]}" "$SECONDS" "in all"
    if [ "$SECONDS" -gt $((longest_run_minutes * 60)) ]; then
        echo "FAILED: all took more than $longest_run_minutes minutes." >&2
        checks_failed=$((checks_failed + 1))
    fi
    node tests/totals.mjs "$reports" "$checks_failed"
    exit $?
}

# A check that failed counts as one failed test; the rest still runs, so that one run tells everything.
check() {
    local name=$1 started=$SECONDS status=0
    shift
    printf '\n== %s\n' "$name"
    "$@" || status=$?
    parts+=("$((SECONDS - started))" "$name")
    echo "-- $name: $((SECONDS - started)) s"
    if [ "$status" -ne 0 ]; then
        echo "FAILED: $name" >&2
        checks_failed=$((checks_failed + 1))
        return 1
    fi
}

# Without this, nothing after it means anything.
need() {
    check "$@" || finish
}

toolchain() {
    if ! command -v dotnet >/dev/null || ! dotnet --version; then
        echo "The .NET SDK of global.json is needed: https://dotnet.microsoft.com/download" >&2
        return 1
    fi
}

# What the tests start, and what the example clients in other languages are made with.
packages=(
    redis-server chromium git openssl
    haproxy nginx-light prometheus
    protobuf-compiler libprotobuf-dev
    protobuf-compiler-grpc python3-grpcio python3-protobuf
    golang-go golang-google-grpc-dev golang-google-protobuf-dev golang-github-golang-protobuf-1-5-dev protoc-gen-go protoc-gen-go-grpc
    default-jdk-headless protobuf-compiler-grpc-java-plugin libgrpc-java libnetty-java libprotobuf-java libguava-java libgoogle-gson-java
    libperfmark-java libgeronimo-annotation-1.3-spec-java
)

debian_packages() {
    local missing=() package
    for package in "${packages[@]}"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done
    if [ ${#missing[@]} -eq 0 ]; then
        echo "All ${#packages[@]} are there."
        return 0
    fi

    local sudo=""
    if [ "$(id -u)" -ne 0 ]; then
        sudo=sudo
    fi
    echo "Installing ${missing[*]} (tests start their own processes on free ports; Debian's services are not started)."
    # Asked by each package before it starts its service; whoever has a policy keeps it.
    local policy=/usr/sbin/policy-rc.d is_ours=""
    if [ ! -e "$policy" ]; then
        is_ours=yes
        printf '#!/bin/sh\nexit 101\n' | $sudo tee "$policy" >/dev/null && $sudo chmod +x "$policy"
    fi
    $sudo apt-get update -q && $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
    local status=$?
    if [ -n "$is_ours" ]; then
        $sudo rm "$policy"
    fi
    return "$status"
}

npm_packages() {
    npm ci --prefix clients/dashboard --no-audit --no-fund && npm ci --prefix clients/node --no-audit --no-fund
}

# Both runners write JUnit XML: what they say on the screen is for people.
test_dotnet() {
    local project=$1 name
    name=$(basename "$project" .csproj)
    timeout "${longest_run_minutes}m" dotnet "$(dirname "$project")/bin/$configuration/net10.0/$name.dll" \
        -noColor -noLogo -longRunning 120 -result-jUnit "$reports/$name.xml"
    runner_ended $? "$reports/$name.xml"
}

test_node() {
    local folder=$1 name
    name=$(basename "$folder")
    TEST_REPORT="$PWD/$reports/$name.xml" timeout "${longest_run_minutes}m" npm test --silent --prefix "$folder"
    runner_ended $? "$reports/$name.xml"
}

# The same tests of dispatch with drivers, riders and ops on different nodes: those that tell most in the time.
test_spread() {
    timeout "${longest_run_minutes}m" tests/spread.sh -result-jUnit "$reports/spread.xml" \
        -class '*.RideTests' -class '*.TripLifeTests' -class '*.MatchingTests' -class '*.QueueTests' -class '*.GetFleetDriverTests'
    runner_ended $? "$reports/spread.xml"
}

# Failed tests are in the report. A runner that failed in another way, or left no report, crashed.
runner_ended() {
    local status=$1 report=$2
    if [ ! -s "$report" ]; then
        echo "The runner left no report (exit $status)." >&2
        return 1
    fi
    if [ "$status" -ne 0 ] && node tests/totals.mjs --all-passed "$report"; then
        echo "The runner ended with $status although no test failed." >&2
        return 1
    fi
}

if ! command -v node >/dev/null || ! command -v npm >/dev/null || [ "$(node -p 'process.versions.node.split(".")[0]')" -lt 20 ]; then
    echo "Node 20 or newer with npm is needed: https://nodejs.org" >&2
    echo "0 passed, 1 failed, 0 skipped"
    exit 1
fi

need "The .NET SDK" toolchain
need "Debian packages" debian_packages
need "npm packages" npm_packages
check "The contract: buf lint" npm run --silent lint:proto --prefix clients/dashboard
check "The contract: buf breaking" npm run --silent breaking:proto --prefix clients/dashboard
check "The page: build" npm run --silent build --prefix clients/dashboard
need "The solution: build" dotnet build ride-tracking.sln -c "$configuration" -v quiet -clp:NoSummary
# Style and analyzers are errors of the build; what is left of a format in full, which takes six times as long, is white space.
check "The solution: white space" dotnet format whitespace ride-tracking.sln --verify-no-changes --no-restore -v quiet

check "Tests: clients/typescript" test_node clients/typescript
check "Tests: clients/dashboard" test_node clients/dashboard
check "Tests: tests/docs" test_node tests/docs
for project in tests/*.Tests/*.csproj; do
    check "Tests: $(dirname "$project")" test_dotnet "$project"
done
check "Tests: clients in Python, Go, Java and Node" test_node tests/languages
check "Tests: one city on three nodes" test_spread

finish
