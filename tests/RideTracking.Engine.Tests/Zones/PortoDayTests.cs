using System.Globalization;
using System.IO.Compression;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Index;
using RideTracking.Engine.Ingest;
using RideTracking.Engine.Zones;

namespace RideTracking.Engine.Tests.Zones;

/// <summary>Real taxis of a day around Porto's airport, against a plain computation. Skipped where the data is absent.</summary>
public class PortoDayTests(ITestOutputHelper output)
{
    private static readonly GeoPoint Airport = new(41.2371, -8.6700);

    [Fact]
    public void Enters_and_exits_at_the_airport_are_those_of_a_plain_computation()
    {
        string? file = SharedData.Find("porto/taxi-points-2013-07-01.csv.gz");
        Assert.SkipWhen(file is null, "The recorded day of Porto is not beside the repository.");
        Zone zone = ZoneWorld.Named("airport", ZoneWorld.Around(Airport, 600));
        var slots = new DriverSlots();
        var limits = new ZoneTrackerLimits();
        var tracker = new ZoneTracker(slots, ZoneSet.Of([zone]), limits);
        var events = new List<ZoneEvent>();
        var plain = new Dictionary<string, PlainTaxi>();
        int points = 0;
        using var reader = new StreamReader(new GZipStream(File.OpenRead(file), CompressionMode.Decompress));
        reader.ReadLine();
        while (reader.ReadLine() is { } line)
        {
            string[] cells = line.Split(',');
            long at = long.Parse(cells[0], CultureInfo.InvariantCulture) * 1_000;
            var fix = new Fix
            {
                Sequence = (ulong)++points,
                FixedAtUnixMs = at,
                LatitudeE7 = (int)Math.Round(double.Parse(cells[3], CultureInfo.InvariantCulture) * 1e7),
                LongitudeE7 = (int)Math.Round(double.Parse(cells[4], CultureInfo.InvariantCulture) * 1e7),
            };
            tracker.Observe(slots.GetOrAdd(cells[1]), "day", fix, FixOutcome.Accepted, events);
            if (!plain.TryGetValue(cells[1], out PlainTaxi? taxi))
            {
                plain.Add(cells[1], taxi = new PlainTaxi());
            }

            taxi.See(at, fix.Point, limits);
        }

        string[] told = [.. events.Select(each => $"{slots.IdOf(each.Slot)} {each.Kind} {each.HappenedAtUnixMs}").Order()];
        string[] expected = [.. plain.SelectMany(taxi => taxi.Value.Events.Select(each => $"{taxi.Key} {each}")).Order()];
        int crossings = plain.Values.Sum(taxi => taxi.Crossings);
        output.WriteLine(
            $"{points} points, {plain.Count} taxis, {crossings} crossings by single points, {events.Count} events:"
            + $" {events.Count(each => each.Kind == ZoneEventKind.Enter)} enters, {events.Count(each => each.Kind == ZoneEventKind.Exit)} exits.");
        Assert.NotEmpty(expected);
        Assert.Equal(expected, told);
        Assert.True(events.Count <= crossings);
    }

    /// <summary>One taxi, by comparing coordinates with the box alone.</summary>
    private sealed class PlainTaxi
    {
        private const double Side = 600;
        private bool _inside;
        private bool _insideBefore;
        private readonly List<long> _agreeing = [];

        public List<string> Events { get; } = [];

        public int Crossings { get; private set; }

        public void See(long at, GeoPoint place, ZoneTrackerLimits limits)
        {
            double scale = Earth.MetersPerDegree * Math.Cos(Airport.LatitudeDegrees * Math.PI / 180);
            double east = Math.Abs(place.LongitudeDegrees - Airport.LongitudeDegrees) * scale;
            double north = Math.Abs(place.LatitudeDegrees - Airport.LatitudeDegrees) * Earth.MetersPerDegree;
            bool isIn = east <= Side && north <= Side;
            Crossings += isIn != _insideBefore ? 1 : 0;
            _insideBefore = isIn;
            if (isIn == _inside)
            {
                _agreeing.Clear();
                return;
            }

            double outEast = Math.Max(east - Side, 0), outNorth = Math.Max(north - Side, 0);
            double distance = isIn
                ? Math.Min(Side - east, Side - north)
                : Math.Sqrt(outEast * outEast + outNorth * outNorth);
            _agreeing.Add(at);
            if (distance >= limits.ClearAccuracies * limits.AssumedAccuracyMeters
                || _agreeing.Count >= limits.AgreeingFixes && at - _agreeing[0] >= limits.AgreeFor.TotalMilliseconds)
            {
                _inside = isIn;
                Events.Add($"{(isIn ? ZoneEventKind.Enter : ZoneEventKind.Exit)} {_agreeing[0]}");
                _agreeing.Clear();
            }
        }
    }
}
