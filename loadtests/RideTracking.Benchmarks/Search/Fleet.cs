using System.Globalization;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Index;
using RideTracking.Engine.Ingest;

namespace RideTracking.Benchmarks.Search;

/// <summary>A fleet in the driver index whose drivers move by 15 m with each fix, there and back.</summary>
internal sealed class Fleet
{
    /// <summary>How many the searches are for.</summary>
    public const int Wanted = 10;

    private const int Batch = 4_096;
    private const ulong Session = 1;
    private const long Start = 1_750_000_000_000;

    private readonly GateLimits _limits = new();
    private readonly GateState[] _gates;
    private readonly Move[] _moves; // in no order of slots, but one after the other in memory
    private readonly City _city;
    private long _rounds; // as many as any worker has begun, so that the next begins with newer fixes
    private readonly VehicleTraits[] _vehicles;
    private readonly DriverStatus[] _statuses;

    public Fleet(CityLayout layout, int drivers)
    {
        _city = new City(layout, new Random(2_024));
        Ids = [.. Enumerable.Range(0, drivers).Select(i => string.Create(CultureInfo.InvariantCulture, $"driver-{i:d6}"))];
        Places = new GeoPoint[drivers];
        Ahead = new GeoPoint[drivers];
        _statuses = new DriverStatus[drivers];
        _vehicles = new VehicleTraits[drivers];
        _gates = new GateState[drivers];
        for (var slot = 0; slot < drivers; slot++)
        {
            (Places[slot], Ahead[slot]) = _city.Step();
            _statuses[slot] = _city.Status();
            _vehicles[slot] = _city.Vehicle();
        }

        Centers = [.. Enumerable.Range(0, Batch).Select(_ => _city.Place())];
        int[] order = [.. Enumerable.Range(0, drivers)];
        new Random(7).Shuffle(order);
        _moves = [.. order.Select(slot => new Move(slot, FixAt(Places[slot], 0), FixAt(Ahead[slot], 0)))];
    }

    public string[] Ids { get; }

    public GeoPoint[] Places { get; }

    public GeoPoint[] Ahead { get; }

    /// <summary>Where searches begin: spread like the drivers.</summary>
    public GeoPoint[] Centers { get; }

    public DriverIndex Index { get; private set; } = new();

    public DriverSlots Slots { get; private set; } = new();

    /// <summary>Ready for a trip, heard within a minute, four seats, the first attribute: four in ten.</summary>
    public static DriverFilter Filter => DriverFilter.ReadyForTrip with { MinFixedAtUnixMs = Start - 60_000, MinSeats = 4, RequiredAttributes = 1 };

    /// <summary>A new index with everybody in it, as the server fills it; tells its bytes for each driver.</summary>
    public double Fill()
    {
        (Index, Slots) = (new DriverIndex(), new DriverSlots());
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var i = 0; i < Ids.Length; i++)
        {
            var slot = Slots.GetOrAdd(Ids[i]);
            Index.SetStatus(slot, _statuses[slot]);
            Index.SetVehicle(slot, _vehicles[slot]);
            Index.Update(slot, FixAt(Places[slot], Start), out _);
        }

        return (double)(GC.GetTotalMemory(forceFullCollection: true) - before) / Ids.Length;
    }

    /// <summary>
    /// The whole fleet goes somewhere else so many times, with the sweep of an hour after each, and then home;
    /// tells how many bytes more the index has for each driver.
    /// </summary>
    public double Churn(int times)
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var start = TimeOf(_rounds);
        for (var time = 1; time <= times; time++)
        {
            for (var slot = 0; slot < Ids.Length; slot++)
            {
                Index.Update(slot, FixAt(time == times ? Places[slot] : _city.Place(), start + time), out _);
            }

            Index.SweepStale(0, new DriverChange[1]);
        }

        return (double)(GC.GetTotalMemory(forceFullCollection: true) - before) / Ids.Length;
    }

    /// <summary>One thread's share of the work: a mover has its own drivers, a searcher its own results.</summary>
    public sealed class Worker(Fleet fleet, int number, int workers)
    {
        private readonly NearbyDriver[] _found = new NearbyDriver[Wanted];
        private readonly Random _random = new(number);
        private int _next = number;
        private readonly int _first = number;
        private int _nextCenter;
        private long _round = fleet._rounds;

        public int Update()
        {
            var moved = 0;
            for (var i = 0; i < Batch; i++)
            {
                moved += UpdateOne() ? 1 : 0;
            }

            return moved == Batch ? Batch : throw new InvalidOperationException($"{Batch - moved} updates were refused.");
        }

        public int JudgeAndUpdate()
        {
            var moved = 0;
            for (var i = 0; i < Batch; i++)
            {
                var fix = Next(out var slot);
                var verdict = Gate.Judge(ref fix, Session, fix.SensorTimeUnixMs, fix.SensorTimeUnixMs, ref fleet._gates[slot], fleet._limits);
                moved += verdict.Outcome == FixOutcome.Accepted && fleet.Index.Update(slot, fix, out _) ? 1 : 0;
            }

            return moved == Batch ? Batch : throw new InvalidOperationException($"{Batch - moved} fixes were refused.");
        }

        public int Nearest(double radiusMeters)
        {
            for (var i = 0; i < Batch; i++)
            {
                NearestOne(radiusMeters);
            }

            return Batch;
        }

        public int Mix()
        {
            for (var i = 0; i < Batch; i++)
            {
                if (_random.Next(10) == 0)
                {
                    NearestOne(2_000);
                }
                else
                {
                    UpdateOne();
                }
            }

            return Batch;
        }

        private void NearestOne(double radiusMeters)
        {
            fleet.Index.Nearest(fleet.Centers[_nextCenter], radiusMeters, Filter, _found);
            _nextCenter = (_nextCenter + 1) % fleet.Centers.Length;
        }

        private bool UpdateOne() => fleet.Index.Update(NextSlot(out var fix), fix, out _);

        private int NextSlot(out Fix fix)
        {
            fix = Next(out var slot);
            return slot;
        }

        private Fix Next(out int slot)
        {
            ref readonly var move = ref fleet._moves[_next];
            slot = move.Slot;
            var fix = (_round & 1) == 0 ? move.There : move.Back;
            fix.Sequence = (ulong)_round;
            fix.SensorTimeUnixMs = fix.FixedAtUnixMs = TimeOf(_round);
            _next += workers;
            if (_next >= fleet._moves.Length)
            {
                _next = _first;
                _round++;
                fleet._rounds = Math.Max(fleet._rounds, _round + 1);
            }

            return fix;
        }
    }

    private readonly record struct Move(int Slot, Fix Back, Fix There);

    private static long TimeOf(long round) => Start + 3_600_000 + (round * 4_000);

    private static Fix FixAt(GeoPoint place, long time) => new()
    {
        Sequence = (ulong)time,
        SensorTimeUnixMs = time,
        FixedAtUnixMs = time,
        LatitudeE7 = (int)(place.LatitudeDegrees * 1e7),
        LongitudeE7 = (int)(place.LongitudeDegrees * 1e7),
        HorizontalAccuracyMeters = 5,
    };
}
