namespace RideTracking.Simulator.City;

/// <summary>A car on the streets: keeps the limits, brakes for turns, red lights and its destination. Not thread-safe.</summary>
internal sealed class Car
{
    private const double Acceleration = 2.0;
    private const double Braking = 2.5;
    private const double TurningSpeed = 4.5;
    private const double GpsDeviationMeters = 2.5;

    private readonly StreetGrid _streets;
    private readonly Random _random;
    private readonly double _temper;
    private Crossing _from;
    private Heading _heading;
    private Heading _nextHeading;
    private double _metersAlong;
    private double _gpsEast, _gpsNorth;
    private Crossing? _destination;

    public Car(StreetGrid streets, Random random)
    {
        (_streets, _random) = (streets, random);
        _temper = 0.8 + 0.3 * random.NextDouble();
        _from = streets.RandomCrossing(random);
        _heading = Choose(_from, null);
        _nextHeading = Choose(_from.Towards(_heading), _heading);
        _metersAlong = random.NextDouble() * StreetGrid.BlockMeters;
    }

    public double SpeedMetersPerSecond { get; private set; }

    public double CourseDegrees => _streets.CourseDegrees(_heading);

    /// <summary>Metres driven since it was made.</summary>
    public double OdometerMeters { get; private set; }

    /// <summary>Where it drives; null to cruise.</summary>
    public Crossing? Destination
    {
        get => _destination;
        set
        {
            if (value == _destination)
                return;
            _destination = value;
            _nextHeading = Choose(_from.Towards(_heading), _heading);
        }
    }

    /// <summary>It stands at its destination.</summary>
    public bool HasArrived => _destination is { } destination && SpeedMetersPerSecond < 0.5
        && (_metersAlong < 1 ? _from == destination : _metersAlong > StreetGrid.BlockMeters - 6 && _from.Towards(_heading) == destination);

    /// <summary>Where the phone thinks it is: a few metres off, and the error drifts as a real one does.</summary>
    public Place Position => _streets.At(_from, _heading, _metersAlong, _gpsEast, _gpsNorth);

    public void Drive(DateTimeOffset now, double seconds)
    {
        _gpsEast = Drift(_gpsEast, seconds);
        _gpsNorth = Drift(_gpsNorth, seconds);
        if (HasArrived)
        {
            SpeedMetersPerSecond = 0;
            return;
        }

        var crossing = _from.Towards(_heading);
        var left = StreetGrid.BlockMeters - _metersAlong;
        var mustStop = _destination == crossing || !StreetGrid.IsGreen(crossing, _heading, now);
        var atCrossing = mustStop ? 0 : _nextHeading == _heading ? double.MaxValue : TurningSpeed;
        // The speed from which braking still comes down to what the crossing asks.
        var room = Math.Max(0, left - (mustStop ? 3 : 0));
        var braking = atCrossing == double.MaxValue ? double.MaxValue : Math.Sqrt(atCrossing * atCrossing + 2 * Braking * room);
        var target = Math.Min(StreetGrid.SpeedLimit(_from, _heading) * _temper, braking);
        SpeedMetersPerSecond = Math.Max(0, Math.Min(target, SpeedMetersPerSecond + Acceleration * seconds));
        var meters = Math.Min(SpeedMetersPerSecond * seconds, mustStop ? room : double.MaxValue);
        if (mustStop && room - meters < 0.5)
            SpeedMetersPerSecond = 0;
        OdometerMeters += meters;
        _metersAlong += meters;
        if (_metersAlong < StreetGrid.BlockMeters)
            return;

        _metersAlong -= StreetGrid.BlockMeters;
        _from = crossing;
        _heading = _nextHeading;
        _nextHeading = Choose(_from.Towards(_heading), _heading);
    }

    /// <summary>The way on from a crossing: nearer to the destination, or about, mostly straight on and along arterials.</summary>
    private Heading Choose(Crossing at, Heading? coming)
    {
        var best = Heading.All[0];
        var bestWeight = double.NegativeInfinity;
        foreach (var heading in Heading.All)
        {
            if (!_streets.Contains(at.Towards(heading)))
                continue;
            var weight = _random.NextDouble();
            if (_destination is { } destination)
                weight += at.Towards(heading).BlocksTo(destination) < at.BlocksTo(destination) ? 10 : 0;
            if (heading == coming)
                weight += 0.5;
            else if (heading == coming?.Back)
                weight -= 5;
            if (StreetGrid.IsArterial(at, heading))
                weight += 0.3;
            if (weight > bestWeight)
                (best, bestWeight) = (heading, weight);
        }
        return best;
    }

    private double Drift(double meters, double seconds)
    {
        var gaussian = Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble());
        var kept = Math.Exp(-seconds / 20);
        return meters * kept + gaussian * GpsDeviationMeters * Math.Sqrt(1 - kept * kept);
    }
}
