using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads.Graph;

namespace RideTracking.Engine.Roads.Osm;

/// <summary>Makes a road network of an OpenStreetMap extract (.osm.pbf), as docs/roads.md tells. Thread-safe.</summary>
public static class OsmImporter
{
    /// <summary>The file's roads for cars.</summary>
    /// <param name="file">Readable and seekable, at its start; it is read twice, or three times.</param>
    /// <param name="user">For whom roads are open.</param>
    /// <param name="cutTo">Where roads are wanted, as those with a point in it are; null for the whole file. What lies elsewhere takes no memory.</param>
    /// <param name="progress">Told now and then.</param>
    /// <param name="cancellation">Ends the import.</param>
    /// <exception cref="RoadFileException">The file is broken, cut short, of another kind, or has no roads for cars.</exception>
    public static RoadImport Import(
        Stream file, RoadUser user = RoadUser.Car, IGeoArea? cutTo = null, IProgress<RoadImportProgress>? progress = null, CancellationToken cancellation = default)
    {
        var profile = new CarProfile(user);
        long start = file.Position;
        OsmCutPass? part = cutTo is null ? null : new OsmCutPass(cutTo);
        if (part is not null)
        {
            Read(file, part, RoadImportStage.CuttingOut, 0, 0.25, progress, cancellation);
            file.Position = start;
        }

        double atWays = part is null ? 0 : 0.25;
        var ways = new OsmWayPass(profile, part);
        Read(file, ways, RoadImportStage.ReadingWays, atWays, 0.4, progress, cancellation);
        var ferries = new OsmFerryPass(ways, part);
        if (ferries.IsNeeded)
        {
            file.Position = start;
            Read(file, ferries, RoadImportStage.ReadingWays, 0.4, 0.45, progress, cancellation);
        }

        if (ways.Roads.Count == 0)
        {
            throw new RoadFileException(part is null
                ? $"The file has no roads for cars ({ways.HighwayWays} ways with a highway tag)."
                : $"The file has no roads for cars in the area that it is cut to ({ways.HighwayWays} ways with a highway tag).");
        }

        if (part is not null)
        {
            ways.KeepRestrictionsOfRoads();
        }

        var missing = new MissingMembers(ways.Restrictions);
        var nodes = new OsmNodePass(ways.Nodes, missing, new CarBarriers(profile));
        file.Position = start;
        Read(file, nodes, RoadImportStage.ReadingNodes, 0.45, 0.75, progress, cancellation);
        Tell(0.75);
        var builder = new RoadGraphBuilder { DrivesOnLeft = DrivesOnLeft(ways, nodes) };
        var cutter = new RoadCutter(ways, nodes, builder);
        cutter.Cut(done => Tell(0.75 + 0.1 * done), cancellation);
        if (builder.SegmentCount == 0)
        {
            throw new RoadFileException($"The file has {ways.Roads.Count} roads for cars, but not the nodes that they are made of.");
        }

        Tell(0.85);
        var restrictions = new RestrictionResolver(cutter, builder, missing);
        ways.Restrictions.ForEach(restrictions.Apply);
        cancellation.ThrowIfCancellationRequested();
        var report = new RoadImportReport
        {
            User = user,
            HighwayWays = ways.HighwayWays,
            DrivableWays = ways.Roads.Count,
            MissingNodes = nodes.Missing,
            BlockingBarriers = nodes.BlockingBarriers,
            OwnTrafficGates = nodes.OwnTrafficGates,
            TimedWays = ways.Roads.Count(road => road.Traits.ForwardHours.Count + road.Traits.BackwardHours.Count > 0),
            TimedGates = nodes.TimedGates,
            ConditionsLeftOut = profile.LeftOut,
            UrbanKilometers = cutter.UrbanMeters / 1e3,
            Restrictions = ways.Restrictions.Count,
            RestrictionsApplied = restrictions.Applied,
            RestrictionsOverWays = restrictions.OverWays,
            RestrictionsAppliedInPart = restrictions.AppliedInPart,
            RestrictionsIgnored = restrictions.Ignored,
        };
        // What was read of the file, most of the memory, is needed no more from here on.
        RoadGraph graph = builder.Build(done => Tell(0.85 + 0.15 * done));
        Tell(1);
        IEnumerable<RoadSegment> segments = graph.Parts.Segments;
        return new RoadImport(graph, report with
        {
            RoadKilometers = segments.Sum(each => (long)each.LengthCentimeters) / 1e5,
            ConnectedKilometers = segments.Where(each => (each.Flags & RoadFlags.Connected) != 0).Sum(each => (long)each.LengthCentimeters) / 1e5,
        });

        void Tell(double fraction) => progress?.Report(new RoadImportProgress(RoadImportStage.BuildingGraph, fraction));
    }

    private static void Read(
        Stream file, OsmVisitor visitor, RoadImportStage stage, double from, double to, IProgress<RoadImportProgress>? progress,
        CancellationToken cancellation)
    {
        var blobs = new OsmBlobs(file);
        var block = new OsmBlock(visitor);
        double length = Math.Max(1, file.Length);
        while (blobs.TryNext(out ReadOnlySpan<byte> data))
        {
            cancellation.ThrowIfCancellationRequested();
            block.Read(data, blobs.BlockOffset);
            progress?.Report(new RoadImportProgress(stage, from + (to - from) * Math.Min(1, blobs.Position / length)));
        }
    }

    // Roundabouts are driven clockwise where one drives on the left.
    private static bool DrivesOnLeft(OsmWayPass ways, OsmNodePass nodes)
    {
        int clockwise = 0, counted = 0;
        foreach (OsmRoad road in ways.Roads)
        {
            if ((road.Traits.Flags & RoadFlags.Roundabout) == 0 || !road.Traits.IsForward
                || ways.Nodes[road.FirstNode] != ways.Nodes[road.FirstNode + road.NodeCount - 1])
            {
                continue;
            }

            double area = 0;
            for (int i = 1; i < road.NodeCount; i++)
            {
                GeoPoint a = nodes.PointOf(nodes.IndexOf(ways.Nodes[road.FirstNode + i - 1]));
                GeoPoint b = nodes.PointOf(nodes.IndexOf(ways.Nodes[road.FirstNode + i]));
                area += a.LongitudeDegrees * b.LatitudeDegrees - b.LongitudeDegrees * a.LatitudeDegrees;
            }

            counted++;
            clockwise += area < 0 ? 1 : 0;
        }

        return clockwise > counted / 2.0;
    }
}
