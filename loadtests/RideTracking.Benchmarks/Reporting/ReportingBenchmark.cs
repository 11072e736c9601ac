using Google.Protobuf.WellKnownTypes;
using RideTracking.Engine.Geo;
using RideTracking.Server.Drivers;
using RideTracking.Server.Drivers.Reporting;
using RideTracking.Server.Trips;
using RideTracking.V1;
using DriverAvailability = RideTracking.Engine.Index.DriverAvailability;
using DriverWork = RideTracking.Engine.Index.DriverWork;
using MicrosoftOptions = Microsoft.Extensions.Options.Options;

namespace RideTracking.Benchmarks.Reporting;

/// <summary>
/// Fixes and bytes an hour of a real day of taxis, when their apps report as the moment needs and when they report at a fixed
/// interval. The server's own decision and the client's own rule, without a network. Between two recorded places a taxi is
/// taken to drive straight; a silence of ten minutes is the end of a shift.
/// </summary>
internal static class ReportingBenchmark
{
    private const long ShiftEnds = 600;

    public static int Run(string folder, Options options)
    {
        TaxiDay[] taxis = TaxiDay.Read(folder);
        var (followed, ahead, seed) = (options.Number("--followed", 0.5), (long)options.Number("--ahead", 300), options.Count("--seed", 1));
        Console.WriteLine(
            $"{taxis.Length} taxis, {taxis.Sum(t => t.Rides.Length):N0} rides; each asked for {ahead} s before its pick-up, watched until then, and {followed:p0} of them to the end");
        Console.WriteLine($"{"",-34}{"fixes/h",9}{"messages/h",12}{"bytes/h",10}{"policies/h",12}{"age while watched",20}{"age while free",16}");
        Result? normal = null;
        foreach (var (name, policy) in new (string, ReportingPolicy?)[]
        {
            ("each second, always", Fixed(1)), ("each 4 s, always", Fixed(4)), ("each 4 s when moved 10 m, else 30 s", Normal()), ("as the moment needs", null),
        })
        {
            var result = Replay(taxis, policy, followed, ahead, seed);
            normal = policy is null ? result : normal;
            Console.WriteLine(
                $"{name,-34}{result.Fixes,9:n0}{result.Messages,12:n0}{result.Bytes,10:n0}{result.Policies,12:f1}{result.WatchedAge,17:f1} s{result.FreeAge,14:f1} s");
        }

        Console.WriteLine($"hours on duty {normal!.Hours:n0}; of them free {normal.Free:p0}, watched or near a stop {normal.Close:p0}; bytes with gRPC and HTTP/2 framing, without TLS and TCP");
        return 0;
    }

    private static Result Replay(TaxiDay[] taxis, ReportingPolicy? always, double followed, long ahead, int seed)
    {
        var clock = new ReplayClock();
        var reporting = MicrosoftOptions.Create(new ReportingOptions());
        var policies = new ReportingPolicies(reporting, MicrosoftOptions.Create(new StreamOptions()));
        var busy = new BusyPlaces(MicrosoftOptions.Create(new BusyPlacesOptions()), clock);
        var random = new Random(seed);
        ReplayedTaxi[] replayed = [.. taxis.Select(t => new ReplayedTaxi(t, [.. t.Rides.Select(_ => random.NextDouble() < followed)]))];
        var asked = new Queue<(long At, GeoPoint Place)>(
            taxis.SelectMany(t => t.Rides).Select(r => (r.PickupAt - ahead, r.Pickup)).OrderBy(r => r.Item1));
        var result = new Result();
        for (long second = taxis.Min(t => t.Points[0].AtSeconds); second <= taxis.Max(t => t.Points[^1].AtSeconds); second++)
        {
            clock.Second = second;
            for (; asked.TryPeek(out var next) && next.At <= second; asked.Dequeue())
            {
                busy.Ask(next.Place);
            }

            foreach (ReplayedTaxi taxi in replayed)
            {
                taxi.Step(second, ahead, always, policies, busy, clock, result);
            }
        }

        foreach (ReplayedTaxi taxi in replayed)
        {
            result.Add(taxi.Phone);
        }

        return result;
    }

    private static ReportingPolicy Fixed(int seconds) => new()
    {
        MovingInterval = Duration.FromTimeSpan(TimeSpan.FromSeconds(seconds)),
        MaxSilence = Duration.FromTimeSpan(TimeSpan.FromSeconds(seconds / 0.8)),
        MaxBatchDelay = new Duration(),
        HeartbeatInterval = Duration.FromTimeSpan(TimeSpan.FromSeconds(20)),
    };

    private static ReportingPolicy Normal() => new ReportingPolicies(
        MicrosoftOptions.Create(new ReportingOptions()), MicrosoftOptions.Create(new StreamOptions())).Of(ReportingPace.Normal, 1);

    private sealed class ReplayClock : TimeProvider
    {
        public long Second { get; set; }

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeSeconds(Second);
    }

    private sealed class Result
    {
        private double _fixes, _messages, _bytes, _policies;

        public long Seconds { get; set; }

        public long FreeSeconds { get; set; }

        public long CloseSeconds { get; set; }

        public double WatchedAges { get; set; }

        public double FreeAges { get; set; }

        public double Hours => Seconds / 3600.0;

        public double Fixes => _fixes / Hours;

        public double Messages => _messages / Hours;

        public double Bytes => _bytes / Hours;

        public double Policies => _policies / Hours;

        public double Free => (double)FreeSeconds / Seconds;

        public double Close => (double)CloseSeconds / Seconds;

        public double WatchedAge => WatchedAges / CloseSeconds;

        public double FreeAge => FreeAges / FreeSeconds;

        public void Add(ReportingPhone phone)
        {
            _fixes += phone.Fixes;
            _messages += phone.Messages;
            _bytes += phone.Bytes + phone.PolicyBytes;
            _policies += phone.Policies;
        }
    }

    private sealed class ReplayedTaxi(TaxiDay day, bool[] followed)
    {
        private int _point;
        private int _ride;
        private SessionPace? _pace;

        public ReportingPhone Phone { get; } = new();

        public void Step(long second, long ahead, ReportingPolicy? always, ReportingPolicies policies, BusyPlaces busy, ReplayClock clock, Result result)
        {
            while (_point + 2 < day.Points.Length && day.Points[_point + 1].AtSeconds <= second)
            {
                _point++;
            }

            var (from, to) = (day.Points[_point], day.Points[_point + 1]);
            if (second < from.AtSeconds || second > to.AtSeconds || to.AtSeconds - from.AtSeconds >= ShiftEnds)
            {
                _pace = null;
                return;
            }

            double share = (double)(second - from.AtSeconds) / (to.AtSeconds - from.AtSeconds);
            var place = new GeoPoint(
                from.Place.LatitudeDegrees + (share * (to.Place.LatitudeDegrees - from.Place.LatitudeDegrees)),
                from.Place.LongitudeDegrees + (share * (to.Place.LongitudeDegrees - from.Place.LongitudeDegrees)));
            ReportingMoment moment = MomentAt(second, place, ahead, busy);
            Follow(moment, always, policies, clock, second);
            Phone.Second(second, place);

            result.Seconds++;
            if (moment.Work == DriverWork.Idle)
            {
                result.FreeSeconds++;
                result.FreeAges += Phone.AgeAt(second);
            }
            else if (moment.IsFollowed || moment.NextStopMeters <= policies.Options.NearStopMeters)
            {
                result.CloseSeconds++;
                result.WatchedAges += Phone.AgeAt(second);
            }
        }

        private ReportingMoment MomentAt(long second, GeoPoint place, long ahead, BusyPlaces busy)
        {
            while (_ride < day.Rides.Length && day.Rides[_ride].DropoffAt <= second)
            {
                _ride++;
            }

            if (_ride < day.Rides.Length && second >= day.Rides[_ride].PickupAt - ahead)
            {
                TaxiRide ride = day.Rides[_ride];
                bool isOnBoard = second >= ride.PickupAt;
                return new ReportingMoment(
                    DriverAvailability.Available,
                    isOnBoard ? DriverWork.OnTrip : DriverWork.ToPickup,
                    Earth.DistanceMeters(place, isOnBoard ? ride.Dropoff : ride.Pickup),
                    !isOnBoard || followed[_ride],
                    IsBusyPlace: false);
            }

            return new ReportingMoment(DriverAvailability.Available, DriverWork.Idle, double.PositiveInfinity, false, busy.IsBusy(place));
        }

        private void Follow(in ReportingMoment moment, ReportingPolicy? always, ReportingPolicies policies, ReplayClock clock, long second)
        {
            bool isNew = _pace is null;
            _pace ??= new SessionPace(policies, moment, clock.GetUtcNow());
            if (isNew)
            {
                Phone.Begin(second);
                Phone.Told(always ?? _pace.Policy);
            }
            else if (always is null && _pace.Look(moment, clock.GetUtcNow()))
            {
                Phone.Told(_pace.Policy);
            }
        }
    }
}
