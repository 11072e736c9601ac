using RideTracking.Benchmarks;
using RideTracking.Benchmarks.Fixes;
using RideTracking.Benchmarks.Kills;
using RideTracking.Benchmarks.Matching;
using RideTracking.Benchmarks.Nodes;
using RideTracking.Benchmarks.Nodes.Begin;
using RideTracking.Benchmarks.Nodes.End;
using RideTracking.Benchmarks.Nodes.Late;
using RideTracking.Benchmarks.Processes;
using RideTracking.Benchmarks.Readers;
using RideTracking.Benchmarks.Reporting;
using RideTracking.Benchmarks.Roads;
using RideTracking.Benchmarks.Search;
using RideTracking.Benchmarks.Wires;

try
{
    return args switch
    {
        ["index", .. string[] options] => IndexBenchmarks.Run(options),
        ["search", .. string[] options] => await SearchBenchmark.RunAsync(new Options(options, "--drivers", "--rounds", "--baselines")),
        ["remote-search", .. string[] options] => await RemoteSearchBenchmark.RunAsync(new Options(options, "--drivers", "--rounds", "--seconds")),
        ["zones", .. string[] options] => ZonesBenchmark.Run(new Options(options, "--drivers", "--zones", "--rounds")),
        ["fixes", .. string[] options] => await FixesBenchmark.RunAsync(
            new Options(options, "--connections", "--interval", "--rounds", "--seconds", "--warm-up", "--segment")),
        ["roads-matching", var extract, var trips, .. string[] options] => RoadsMatchingBenchmark.Run(
            extract, trips, new Options(options, "--rounds", "--forbidden-turn", "--wrong-way", "--detour", "--detour-per-second", "--accuracy")),
        ["roads-eta", var extract, var trips, .. string[] options] => RoadsEtaBenchmark.Run(
            extract, trips, new Options(options, "--learn", "--until", "--group-seconds", "--road-seconds", "--road-hour-seconds", "--trips")),
        ["roads-following", .. string[] options] => RoadsFollowingBenchmark.Run(new Options(options, "--trips", "--rounds")),
        ["roads-import", var extract, .. string[] options] => RoadsImportBenchmark.Run(extract, new Options(options, "--rounds")),
        ["roads-country", var extract, .. string[] options] => await RoadsCountryBenchmark.RunAsync(extract, new Options(options, "--copies", "--joined", "--whole")),
        [CountryRun.Verb, var extract, .. string[] cutTo] => CountryRun.Run(extract, cutTo),
        ["roads-routes", var extract, .. string[] options] => RoadsRoutesBenchmark.Run(extract, new Options(options, "--rounds", "--pairs")),
        ["roads-kerb", var extract, .. string[] options] => RoadsKerbBenchmark.Run(extract, new Options(options, "--trips")),
        ["roads-foreign", var extract, .. string[] options] => RoadsForeignBenchmark.Run(extract, new Options(options, "--pairs")),
        ["matching", .. string[] options] => MatchingBenchmark.Run(new Options(options, "--requests", "--drivers", "--rounds")),
        ["demand", var folder, .. string[] options] => DemandBenchmark.Run(
            folder, new Options(options, "--hours", "--seeds", "--load", "--patience", "--candidates", "--small")),
        ["reporting", var folder, .. string[] options] => ReportingBenchmark.Run(folder, new Options(options, "--followed", "--ahead", "--seed")),
        ["wires", .. string[] options] => await WiresBenchmark.RunAsync(new Options(options, "--rounds", "--seconds")),
        ["wires-follow", .. string[] options] => await FollowBenchmark.RunAsync(new Options(options, "--rounds", "--seconds", "--riders")),
        ["wires-http2", .. string[] options] => await Http2Benchmark.RunAsync(new Options(options, "--streams", "--seconds", "--unread")),
        [WireServer.Verb, .. string[] options] => await WireServer.RunAsync(options),
        ["bytes"] => BytesBenchmark.Run(),
        ["redis", .. string[] options] => await RedisBenchmark.RunAsync(new Options(options, "--cycles", "--rounds")),
        ["store-kills", .. string[] options] => await KillsBenchmark.RunAsync(new Options(options, "--kills", "--cuts", "--each", "--seed")),
        ["nodes-fixes", .. string[] options] => await NodesFixesBenchmark.RunAsync(
            new Options(options, "--rounds", "--cycles", "--seconds", "--listeners", "--batch")),
        ["nodes-trips", .. string[] options] => await NodesTripsBenchmark.RunAsync(new Options(options, "--rounds", "--trips", "--drivers", "--listeners")),
        ["nodes-late", var monaco, .. string[] options] when !monaco.StartsWith('-') => await NodesLateBenchmark.RunAsync(
            monaco, new Options(options, "--fixes", "--times", "--load", "--window")),
        ["nodes-late", .. string[] options] => await NodesLateBenchmark.RunAsync(null, new Options(options, "--fixes", "--times", "--load", "--window")),
        ["nodes-begin", .. string[] options] => await NodesBeginBenchmark.RunAsync(new Options(options, "--drivers", "--trips", "--rounds")),
        ["checkpoint", .. string[] options] => await CheckpointBenchmark.RunAsync(new Options(options, "--drivers", "--rounds")),
        ["nodes-end", .. string[] options] => await NodesEndBenchmark.RunAsync(new Options(options, "--drivers", "--trips", "--interval", "--drain")),
        ["slow-readers", .. string[] options] => await SlowReadersBenchmark.RunAsync(new Options(options, "--readers", "--seconds")),
        ["store-scripts", .. string[] options] => await ScriptsBenchmark.RunAsync(new Options(options, "--calls", "--rounds", "--in-flight")),
        [StoreHost.Verb, var folder, .. string[] options] => await StoreHost.RunAsync(folder, options),
        [BareRelay.Verb, .. string[] options] => await BareRelay.RunAsync(options),
        [BareServer.Verb, .. string[] options] => await BareServer.RunAsync(options),
        _ => Usage(),
    };
}
catch (FormatException e)
{
    Console.Error.WriteLine(e.Message);
    return Usage();
}

static int Usage()
{
    Console.Error.WriteLine(
        """
        dotnet run -c Release --project loadtests/RideTracking.Benchmarks -- <what>

          index [--short] [options of BenchmarkDotNet]
                    the gate, the driver index and the fan-out in memory
          search [--drivers 100000] [--rounds 5] [--baselines 1]
                    updates and the ten nearest in the driver index, beside Redis GEO and NetTopologySuite's trees;
                    memory per driver. --baselines 0 leaves the others out
          remote-search [--drivers 100000] [--rounds 3] [--seconds 4]
                    the ten nearest over gRPC beside GEOSEARCH through StackExchange.Redis
          zones [--drivers 100000] [--zones 1000] [--rounds 7]
                    CPU per fix with zones beside the same without
          fixes [--connections 500] [--interval 0] [--rounds 3] [--seconds 8] [--warm-up 4] [--segment 1]
                    server CPU per fix, and memory per stream, of the whole server against an empty gRPC handler.
                    --interval: seconds between the fixes of a connection; 0 sends all that the server takes
                    --segment: bytes to collect before they are sent; 1 sends each fix by itself, as phones do
          roads-matching <extract.osm.pbf> <trips.csv.gz> [--rounds 3] [--forbidden-turn 50] [--wrong-way 10] [--detour 3] [--detour-per-second 0.5] [--accuracy 8]
                    map matching of recorded trips: distance against the raw one, fixes unmatched, time for each fix
          roads-eta <extract.osm.pbf> <trips.csv.gz> [--learn 0.65] [--until 1] [--group-seconds s] [--road-seconds s] [--road-hour-seconds s] [--trips n]
                    durations foretold at the start of recorded trips, with and without learning from earlier ones.
                    --learn: share of the trips learned from; --until: share of the trips used at all (to tune without looking ahead)
          roads-following [--trips 10000] [--rounds 5]
                    time per fix of following routes
          roads-import <extract.osm.pbf> [--rounds 5]
                    an OpenStreetMap extract: time, sizes, what is in it, and the nearest road
          roads-country <extract.osm.pbf> [--copies 58] [--joined 1] [--whole 1]
                    a country of copies of an extract, laid side by side: time and peak memory of reading it, and of all that is made of it;
                    then one of the cities cut out of it. --whole 0: that alone.
                    --joined 0: no roads from one copy to the next
          roads-routes <extract.osm.pbf> [--pairs 1000] [--rounds 5]
                    routes and tables of driving times beside Dijkstra's algorithm on the same graph
          roads-kerb <extract.osm.pbf> [--trips 20000]
                    what it costs to get in and out on the side of the road where the place is
          roads-foreign <extract.osm.pbf> [--pairs 300]
                    the shortest ways beside those of Routino (apt-get install routino osmium-tool)
          matching [--requests 1000] [--drivers n] [--rounds 5]
                    a round of matching: time and total pick-up time beside greedy and the optimum over all pairs
          demand <folder of san-francisco> [--load 0.9] [--hours 4] [--seeds 3] [--patience 300] [--candidates 24] [--small 40]
                    real demand and taxis simulated at several loads: batch beside greedy, small cases beside the offline optimum
          reporting <folder of san-francisco> [--followed 0.5] [--ahead 300] [--seed 1]
                    fixes and bytes an hour when apps report as the moment needs, beside fixed intervals, over a real day of taxis.
                    --followed: share of rides watched after the pick-up; --ahead: seconds from a ride's request to its pick-up
          wires [--rounds 3] [--seconds 3]
                    the same calls over gRPC, REST/JSON, JSON over WebSocket and SOAP/XML: bytes, server CPU, allocation, latency at half load
          wires-follow [--rounds 3] [--seconds 10] [--riders 500]
                    a car followed once a second: pushed over gRPC and WebSocket beside asked for over gRPC and REST
          wires-http2 [--streams 1000] [--seconds 10] [--unread 100]
                    streams on one connection beside a connection for each; bytes of headers of the first and the hundredth call; streams that nobody reads
          bytes     bytes on the wire per fix against JSON
          redis [--cycles 50] [--rounds 3]
                    Redis CPU per fix against a few commands for each fix
          nodes-fixes [--rounds 5] [--cycles 40] [--seconds 6] [--listeners 2] [--batch 300]
                    what a fix costs Redis, the node that takes it and nodes that listen, beside one node alone and plain commands.
                    --cycles: fixes of each of 3,000 drivers, one after the other; --seconds: of saturated streams
          nodes-trips [--rounds 5] [--trips 1000] [--drivers 8] [--listeners 2]
                    what a trip costs the node that decides it, Redis, and nodes that listen, beside one node alone
          nodes-late [monaco.osm.pbf] [--fixes 300] [--times 60] [--load 0] [--window 40]
                    how late things are seen on the node where they happen and on another one; a fix also beside a bare gRPC relay.
                    --load: fixes a second of other drivers; --window: for how long a batch waits at the most (ms); closures need the extract
          nodes-begin [--drivers 100000] [--trips 20000] [--rounds 3]
                    how long a node takes until it serves a city while others go on, beside an empty store, and whether it has what they have
          checkpoint [--drivers 100000] [--rounds 3]
                    what a checkpoint of the log costs and how large it is, and the start of a node from it beside the start on an empty store
          nodes-end [--drivers 10000] [--trips 500] [--interval 10] [--drain 0]
                    a node with all the drivers is killed, or drains (--drain 1): how long until they are back on two others, what that costs these,
                    how late others' fixes are meanwhile; what is lost, sent again or touched. --interval: seconds between two fixes of a driver
          slow-readers [--readers 1000] [--seconds 240]
                    streams of every kind that nobody reads: the node's memory, when it ends them, and how late others' fixes are with and without
          store-scripts [--calls 3000] [--in-flight 50] [--rounds 3]
                    calls a second of the scripts, on the embedded store and on Redis, and Redis's CPU for each
          store-kills [--kills 100] [--cuts 60] [--each 0] [--seed 1]
                    the embedded store killed under load in every script, half of the times while it copies itself, and started twice
                    after each kill; its file cut, zeroed and changed: what is there afterwards beside a Redis that was told the
                    same. --each: so many calls of each kind, and the file cut after each of them
        """);
    return 2;
}
