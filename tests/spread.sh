#!/usr/bin/env bash
# Runs tests of dispatch once more with one city served by three nodes over one Redis: drivers' streams on the first, riders' calls on
# the second, dispatch, directory, fleet and zones on the third (tests/RideTracking.Server.Tests/Fixtures/SpreadNodes.cs). Takes the tests as
# they were built in Release. Options go to the runner: `tests/spread.sh -class '*.RideTests'` runs that class alone.
set -euo pipefail
cd "$(dirname "$0")/.."

# Of these, tests that look at one node's inside, or at the embedded store, are left out: they say so by the trait "about".
classes=(
    RideTests TripLifeTests MatchingTests ActionTests DriverMessageTests TripListTests TripEventTests
    SearchDriversTests IncidentTests ShareLinkTests NearbyDriversTests RiderEndpointTests QueueTests ZoneTests AdmissionTests
    GetFleetDriverTests WatchFleetTests DirectoryTests RoadClosureTests StreetTripTests ConnectTests CarrierTests
)
chosen=()
case " $* " in
    *" -class "* | *" -method "*) ;;
    *) for class in "${classes[@]}"; do chosen+=(-class "*.$class"); done ;;
esac
RIDETRACKING_TEST_NODES=3 exec dotnet tests/RideTracking.Server.Tests/bin/Release/net10.0/RideTracking.Server.Tests.dll \
    -noColor -noLogo -longRunning 120 -trait- about=one-node ${chosen[@]+"${chosen[@]}"} "$@"
