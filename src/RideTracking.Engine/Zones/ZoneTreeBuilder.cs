namespace RideTracking.Engine.Zones;

/// <summary>Sorts zones into the cells of a <see cref="ZoneTree"/>. Used once.</summary>
internal sealed class ZoneTreeBuilder
{
    private const double MinCellDegrees = 0.001; // 111 m
    private const double CellsAcrossZone = 256;
    private const int MaxLevels = 12;
    private const double Turn = 360;

    // Cells are taken that much larger, so that no rounding puts a place into a cell that forgot a border beside it.
    private const double SlackDegrees = 1e-9;

    private readonly List<int> _children = [];
    private readonly List<ZoneEdges> _edgesOf = [];
    private readonly List<int> _listStarts = [0];
    private readonly List<int> _lists = [];
    private readonly List<ZoneEdge> _edges = [];
    private readonly Dictionary<int[], int> _listNumbers = new(new SameItems());

    public ZoneTreeBuilder(IReadOnlyList<Zone> zones)
    {
        List<Candidate> candidates = [];
        for (int zone = 0; zone < zones.Count; zone++)
        {
            ZoneBorder border = zones[zone].Geometry.Border;
            for (double shift = 0; border.East + shift >= -180; shift -= Turn)
            {
                if (border.West + shift <= 180)
                {
                    candidates.Add(new Candidate(zone, shift, border, border.Edges));
                }
            }
        }

        (South, West, North, East) = candidates.Count == 0
            ? (0, 0, 1, 1)
            : (candidates.Min(each => each.Border.South),
               Math.Max(candidates.Min(each => each.Border.West + each.Shift), -180),
               candidates.Max(each => each.Border.North),
               Math.Min(candidates.Max(each => each.Border.East + each.Shift), 180));

        // Where two frames meet at the antimeridian, a box of no width would be left over.
        (West, East) = East - West > SlackDegrees ? (West, East) : (-180, 180);

        // Square, wherever on earth that ends: in a narrow box, of a city and a zone whose latitude has the wrong sign, cells
        // would be as narrow, and a hundred thousand along one border. Never smaller, by rounding, than it was.
        double size = Math.Max(North - South, East - West);
        (North, East) = (Math.Max(North, South + size), Math.Max(East, West + size));
        for (Levels = 1; Levels < MaxLevels && size > MinCellDegrees; Levels++)
        {
            size /= 4;
        }

        AddNode(new Box(South, West, North, East), candidates, Levels);
        Children = [.. _children];
        EdgesOf = [.. _edgesOf];
        ListStarts = [.. _listStarts];
        Lists = [.. _lists];
        Edges = [.. _edges];
    }

    public double South { get; }

    public double West { get; }

    public double North { get; }

    public double East { get; }

    public int Levels { get; }

    public int[] Children { get; }

    public ZoneEdges[] EdgesOf { get; }

    public int[] ListStarts { get; }

    public int[] Lists { get; }

    public ZoneEdge[] Edges { get; }

    /// <summary>Most zones that one cell names.</summary>
    public int LongestList { get; private set; }

    private int AddNode(Box box, List<Candidate> candidates, int levels)
    {
        int node = _children.Count / ZoneTree.Fan;
        _children.AddRange(new int[ZoneTree.Fan]);
        _edgesOf.AddRange(new ZoneEdges[ZoneTree.Fan]);
        for (int child = 0; child < ZoneTree.Fan; child++)
        {
            Box part = box.Part(child & 3, child >> 2);
            List<Candidate> inPart = [];
            foreach (Candidate candidate in candidates)
            {
                if (candidate.In(part.Grown(SlackDegrees), part) is { } here)
                {
                    inPart.Add(here);
                }
            }

            bool divide = levels > 1
                && inPart.Exists(each => each.Edges.Length > 0 && part.North - part.South > each.FinestCellDegrees);
            if (!divide)
            {
                _edgesOf[node * ZoneTree.Fan + child] = AddEdges(inPart);
            }

            _children[node * ZoneTree.Fan + child] = divide
                ? AddNode(part, inPart, levels - 1)
                : ~ListOf(inPart);
        }

        return node;
    }

    private int ListOf(List<Candidate> candidates)
    {
        // A zone that goes round the earth may be there twice.
        int[] list =
        [
            .. candidates.GroupBy(each => each.Zone)
                .Select(same => same.Key * 2 + (same.Any(each => each.Edges.Length == 0) ? 0 : 1))
                .Order(),
        ];
        if (!_listNumbers.TryGetValue(list, out int number))
        {
            number = _listNumbers.Count;
            _listNumbers.Add(list, number);
            _lists.AddRange(list);
            _listStarts.Add(_lists.Count);
            LongestList = Math.Max(LongestList, list.Length);
        }

        return number;
    }

    private ZoneEdges AddEdges(List<Candidate> candidates)
    {
        int count = candidates.Sum(each => each.Edges.Length), first = _edges.Count;
        if (count > ZoneEdges.MaxCount)
        {
            return ZoneEdges.Crowded;
        }

        _edges.AddRange(candidates.SelectMany(each => each.Edges.Select(
            edge => new ZoneEdge(edge with { X1 = edge.X1 + each.Shift, X2 = edge.X2 + each.Shift }, each.Zone))));
        return new ZoneEdges(first, count);
    }

    /// <summary>A zone as seen from a cell.</summary>
    /// <param name="Zone">Its number.</param>
    /// <param name="Shift">Degrees to add to its longitudes, to be in the frame of the cells.</param>
    /// <param name="Border">Its border.</param>
    /// <param name="Edges">The edges that meet the cell; none when the cell is wholly inside.</param>
    private sealed record Candidate(int Zone, double Shift, ZoneBorder Border, Edge[] Edges)
    {
        /// <summary>Higher cells than this are divided: large zones by their own measure, or they would need millions.</summary>
        public double FinestCellDegrees { get; } =
            Math.Max(MinCellDegrees, Math.Max(Border.North - Border.South, Border.East - Border.West) / CellsAcrossZone);

        /// <summary>The same seen from a part of the cell; null when the zone is not there.</summary>
        public Candidate? In(Box grown, Box part)
        {
            if (Edges.Length == 0)
            {
                return this;
            }

            Edge[] edges = Array.FindAll(Edges, edge => grown.Meets(edge, Shift));
            if (edges.Length > 0)
            {
                return this with { Edges = edges };
            }

            return Border.ContainsInOwnFrame((part.West + part.East) / 2 - Shift, (part.South + part.North) / 2)
                ? this with { Edges = [] }
                : null;
        }
    }

    private readonly record struct Box(double South, double West, double North, double East)
    {
        public Box Part(int column, int row)
        {
            double height = (North - South) / 4, width = (East - West) / 4;
            return new Box(
                South + row * height, West + column * width,
                row == 3 ? North : South + (row + 1) * height, column == 3 ? East : West + (column + 1) * width);
        }

        public Box Grown(double degrees) => new(South - degrees, West - degrees, North + degrees, East + degrees);

        // Separating axes: those of the box, and the normal of the edge.
        public bool Meets(Edge edge, double shift)
        {
            double x1 = edge.X1 + shift, x2 = edge.X2 + shift;
            if (Math.Max(x1, x2) < West || Math.Min(x1, x2) > East || edge.North < South || edge.South > North)
            {
                return false;
            }

            double alongX = x2 - x1, alongY = edge.Y2 - edge.Y1;
            double offX = (West + East) / 2 - x1, offY = (South + North) / 2 - edge.Y1;
            double reach = Math.Abs(alongX) * (North - South) / 2 + Math.Abs(alongY) * (East - West) / 2;
            return Math.Abs(alongX * offY - alongY * offX) <= reach * (1 + 1e-9);
        }
    }

    private sealed class SameItems : IEqualityComparer<int[]>
    {
        public bool Equals(int[]? x, int[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(int[] items)
        {
            var hash = new HashCode();
            foreach (int item in items)
            {
                hash.Add(item);
            }

            return hash.ToHashCode();
        }
    }
}
