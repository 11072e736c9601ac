using System.Globalization;
using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Roads.Graph;

/// <summary>
/// A made-up city of avenues and streets, for demos, tests and benchmarks without a map: arterials with signals, side
/// streets that are one-way in turn, a river with few bridges, a park with a tunnel under it, a diagonal, a roundabout
/// in the middle, courts for residents only, forbidden left turns.
/// </summary>
public static class StreetGrid
{
    private static readonly string[] _streetNames =
    [
        "Acacia", "Alder", "Almond", "Apple", "Ash", "Aspen", "Bay", "Beech", "Birch", "Cedar", "Cherry", "Chestnut", "Cork",
        "Cypress", "Elder", "Elm", "Fig", "Fir", "Hawthorn", "Hazel", "Holly", "Ivy", "Juniper", "Larch", "Laurel", "Lemon",
        "Lime", "Linden", "Magnolia", "Maple", "Mulberry", "Myrtle", "Oak", "Olive", "Orange", "Palm", "Pear", "Pine", "Plane",
        "Plum", "Poplar", "Quince", "Rowan", "Spruce", "Sycamore", "Tamarind", "Walnut", "Willow", "Wisteria", "Yew",
    ];

    /// <summary>The city of a plan; the same for the same plan on every machine.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A length is not what the plan allows.</exception>
    public static RoadGraph Build(StreetGridPlan plan)
    {
        RequireLength(plan.WidthMeters, 500, 60_000);
        RequireLength(plan.HeightMeters, 500, 60_000);
        RequireLength(plan.BlockMeters, 40, 400);
        return new City(plan).Build();
    }

    private static void RequireLength(double meters, double least, double most, [System.Runtime.CompilerServices.CallerArgumentExpression(nameof(meters))] string name = "")
    {
        if (!(meters >= least && meters <= most))
        {
            throw new ArgumentOutOfRangeException(name, meters, $"From {least} to {most} metres.");
        }
    }

    /// <summary>Crossings are counted in columns from the west and rows from the south; metres from the middle, before the turn.</summary>
    private sealed class City
    {
        private const int ArterialEvery = 5;
        private const int BridgeEvery = 10;
        private const byte ArterialKmh = 45;
        private const byte StreetKmh = 28;
        private const byte DiagonalKmh = 50;
        private const byte CourtKmh = 10;

        private readonly StreetGridPlan _plan;
        private readonly Random _random;
        private readonly RoadGraphBuilder _roads = new();
        private readonly int _columns, _rows;
        private readonly double _sin, _cos;
        private readonly int[,] _crossings;
        private readonly Dictionary<(int From, int To), int> _edges = [];
        private readonly (int Column, int Row) _circle;
        private readonly List<int> _ring = [];
        private int _ways;

        public City(StreetGridPlan plan)
        {
            _plan = plan;
            _random = new Random(plan.Seed);
            _columns = (int)Math.Round(plan.WidthMeters / plan.BlockMeters) + 1;
            _rows = (int)Math.Round(plan.HeightMeters / plan.BlockMeters) + 1;
            (_sin, _cos) = Math.SinCos(plan.TurnDegrees * Math.PI / 180);
            _crossings = new int[_columns, _rows];
            _circle = (Arterial(_columns / 2), Arterial(_rows / 2));
        }

        public RoadGraph Build()
        {
            for (int row = 0; row < _rows; row++)
            {
                for (int column = 0; column < _columns; column++)
                {
                    _crossings[column, row] = IsWater(column, row) || IsPark(column, row) || (column, row) == _circle
                        ? -1
                        : _roads.AddJunction(1 + column + (long)row * _columns, At(Jittered(column, row)), DelayAt(column, row));
                }
            }

            AddRoundabout();
            for (int column = 0; column < _columns; column++)
            {
                AddLine(column, 0, 0, 1, Ordinal(column + 1) + " Avenue");
            }

            for (int row = 0; row < _rows; row++)
            {
                AddLine(0, row, 1, 0, StreetName(row));
            }

            AddDiagonal();
            AddCourts();
            ForbidLeftTurns();
            return _roads.Build();
        }

        private static int Arterial(int index) => index / ArterialEvery * ArterialEvery;

        private static bool IsArterial(int index) => index % ArterialEvery == 0;

        // The river comes from the west and bends; nobody lives within a block of its middle.
        private bool IsWater(int column, int row) =>
            _rows >= 12 && Math.Abs(row - RiverRow(column)) < 1;

        private double RiverRow(int column) => _rows * 0.28 + _rows * 0.06 * Math.Sin(column * 2 * Math.PI / Math.Max(_columns, 24));

        private bool IsPark(int column, int row) =>
            _columns >= 24 && _rows >= 24
            && column > ParkColumn && column < ParkColumn + 2 * ArterialEvery
            && row > ParkRow && row < ParkRow + 2 * ArterialEvery;

        private int ParkColumn => Arterial(_columns * 2 / 3);

        private int ParkRow => Arterial(_rows * 2 / 3);

        private static byte DelayAt(int column, int row) =>
            IsArterial(column) && IsArterial(row) ? (byte)TurnDelay.Signals
            : IsArterial(column) || IsArterial(row) ? (byte)0
            : (byte)TurnDelay.GiveWay;

        private (double East, double North) Jittered(int column, int row) =>
            ((column - (_columns - 1) / 2.0) * _plan.BlockMeters + _random.NextDouble() * 8 - 4,
            (row - (_rows - 1) / 2.0) * _plan.BlockMeters + _random.NextDouble() * 8 - 4);

        private GeoPoint At((double East, double North) meters)
        {
            double east = meters.East * _cos + meters.North * _sin, north = meters.North * _cos - meters.East * _sin;
            double latitude = _plan.Center.LatitudeDegrees + north / Earth.MetersPerDegree;
            double scale = Earth.MetersPerDegree * Math.Cos(_plan.Center.LatitudeDegrees * Math.PI / 180);
            return new GeoPoint(latitude, Earth.WrapLongitude(_plan.Center.LongitudeDegrees + east / scale));
        }

        // Runs along one avenue or street. Over the river and under the park only some go on.
        private void AddLine(int column, int row, int columnStep, int rowStep, string name)
        {
            bool isAvenue = rowStep == 1;
            int index = isAvenue ? column : row;
            bool isArterial = IsArterial(index);
            long way = ++_ways;
            int last = -1;
            RoadFlags crossed = RoadFlags.None;
            for (; column < _columns && row < _rows; column += columnStep, row += rowStep)
            {
                int crossing = (column, row) == _circle ? RingEntry(isAvenue ? 2 : 3) : _crossings[column, row];
                if (crossing < 0)
                {
                    crossed |= IsWater(column, row) ? RoadFlags.Bridge : RoadFlags.Tunnel;
                    continue;
                }

                bool goesOver = crossed switch
                {
                    RoadFlags.None => true,
                    RoadFlags.Bridge => isAvenue && index % BridgeEvery == 0,
                    _ => isArterial,
                };
                if (last >= 0 && goesOver)
                {
                    bool isOneWay = !isArterial && crossed == RoadFlags.None;
                    Add(way, last, crossing, name, isArterial ? ArterialKmh : StreetKmh,
                        isArterial ? RoadClass.Secondary : RoadClass.Residential,
                        crossed | RoadFlags.Urban, isOneWay ? (index % 2 == 0 ? 1 : -1) : 0);
                }

                crossed = RoadFlags.None;
                last = (column, row) == _circle ? RingEntry(isAvenue ? 0 : 1) : crossing;
            }
        }

        private void Add(long way, int from, int to, string name, byte kmh, RoadClass kind, RoadFlags flags, int oneWay)
        {
            if (oneWay < 0)
            {
                (from, to) = (to, from);
            }

            int segment = _roads.AddSegment(new SegmentTraits
            {
                WayId = way,
                FromJunction = from,
                ToJunction = to,
                ForwardKmh = kmh,
                BackwardKmh = oneWay == 0 ? kmh : (byte)0,
                Class = kind,
                Flags = flags,
                Name = name,
            });
            _edges[(from, to)] = 2 * segment;
            if (oneWay == 0)
            {
                _edges[(to, from)] = 2 * segment + 1;
            }
        }

        // Four entries, in the order north, east, south, west, and a point between each two, driven counterclockwise.
        private void AddRoundabout()
        {
            (double east, double north) = ((_circle.Column - (_columns - 1) / 2.0) * _plan.BlockMeters, (_circle.Row - (_rows - 1) / 2.0) * _plan.BlockMeters);
            const double Radius = 22;
            for (int entry = 0; entry < 4; entry++)
            {
                (double sin, double cos) = Math.SinCos(entry * Math.PI / 2);
                _ring.Add(_roads.AddJunction(1 + (long)_columns * _rows + entry, At((east + Radius * sin, north + Radius * cos))));
            }

            long way = ++_ways;
            for (int entry = 0; entry < 4; entry++)
            {
                (double sin, double cos) = Math.SinCos((entry - 0.5) * Math.PI / 2);
                _roads.AddSegment(
                    new SegmentTraits
                    {
                        WayId = way,
                        FromJunction = RingEntry(entry),
                        ToJunction = RingEntry((entry + 3) % 4),
                        ForwardKmh = 25,
                        BackwardKmh = 0,
                        Class = RoadClass.Secondary,
                        Flags = RoadFlags.Roundabout | RoadFlags.Urban,
                        Name = "Central Circle",
                    },
                    [At((east + Radius * sin, north + Radius * cos))]);
            }
        }

        private int RingEntry(int entry) => _ring[entry];

        private void AddDiagonal()
        {
            long way = ++_ways;
            int row = Math.Max(0, (int)(_rows * 0.4));
            for (int column = 0; column + 1 < _columns && row + 1 < _rows; column++, row++)
            {
                int from = _crossings[column, row], to = _crossings[column + 1, row + 1];
                if (from >= 0 && to >= 0)
                {
                    Add(way, from, to, "Diagonal Avenue", DiagonalKmh, RoadClass.Primary, RoadFlags.Urban, 0);
                }
            }
        }

        // A cul-de-sac into every thirtieth block or so, for who lives there.
        private void AddCourts()
        {
            for (int row = 0; row + 1 < _rows; row++)
            {
                for (int column = 0; column + 1 < _columns; column++)
                {
                    int crossing = _crossings[column, row], across = _crossings[column + 1, row + 1];
                    if (_random.Next(30) != 0 || crossing < 0 || across < 0 || _edges.ContainsKey((crossing, across)))
                    {
                        continue;
                    }

                    (double east, double north) = Jittered(column, row);
                    int end = _roads.AddJunction(
                        10 + (long)_columns * _rows + _ways, At((east + _plan.BlockMeters * 0.4, north + _plan.BlockMeters * 0.45)));
                    Add(++_ways, crossing, end, StreetName(row) + " Court", CourtKmh, RoadClass.Service,
                        RoadFlags.DestinationOnly | RoadFlags.Urban, 0);
                }
            }
        }

        // Where arterials cross, one in four approaches may not turn left.
        private void ForbidLeftTurns()
        {
            (int Column, int Row)[] headings = [(0, 1), (1, 0), (0, -1), (-1, 0)];
            for (int row = ArterialEvery; row + 1 < _rows; row += ArterialEvery)
            {
                for (int column = ArterialEvery; column + 1 < _columns; column += ArterialEvery)
                {
                    for (int heading = 0; heading < 4; heading++)
                    {
                        (int right, int up) = headings[heading];
                        (int leftRight, int leftUp) = headings[(heading + 3) % 4];
                        if (_random.Next(4) == 0
                            && _edges.TryGetValue((_crossings[column - right, row - up], _crossings[column, row]), out int from)
                            && _edges.TryGetValue((_crossings[column, row], _crossings[column + leftRight, row + leftUp]), out int to))
                        {
                            _roads.Forbid(from, to);
                        }
                    }
                }
            }
        }

        private static string StreetName(int row)
        {
            string name = _streetNames[row % _streetNames.Length];
            return (row / _streetNames.Length) switch
            {
                0 => $"{name} Street",
                1 => $"{name} Lane",
                2 => $"{name} Road",
                int round => $"{Ordinal(round)} {name} Street",
            };
        }

        private static string Ordinal(int number)
        {
            string ending = (number % 100 is >= 11 and <= 13 ? 0 : number % 10) switch { 1 => "st", 2 => "nd", 3 => "rd", _ => "th" };
            return number.ToString(CultureInfo.InvariantCulture) + ending;
        }
    }
}
