using RideTracking.Engine.Roads.Graph;

namespace RideTracking.Engine.Roads.Osm;

/// <summary>What an import is doing.</summary>
public enum RoadImportStage
{
    CuttingOut,
    ReadingWays,
    ReadingNodes,
    BuildingGraph,
}

/// <param name="Stage">What is being done.</param>
/// <param name="Fraction">How much of the whole import is done, about, 0 to 1.</param>
public readonly record struct RoadImportProgress(RoadImportStage Stage, double Fraction);

/// <summary>What an import made of a file.</summary>
public sealed record RoadImport(RoadGraph Graph, RoadImportReport Report);

/// <summary>What was found in a file, and what of it was taken.</summary>
public sealed record RoadImportReport
{
    /// <summary>For whom the roads were read.</summary>
    public required RoadUser User { get; init; }

    /// <summary>Ways with a highway tag, and those that are ferries or car trains by their own tags.</summary>
    public required int HighwayWays { get; init; }

    /// <summary>Those of them that cars may drive at least one way.</summary>
    public required int DrivableWays { get; init; }

    /// <summary>Nodes of drivable ways that the file lacks; the ways are cut there.</summary>
    public required int MissingNodes { get; init; }

    /// <summary>Nodes that stop cars, mostly barriers.</summary>
    public required int BlockingBarriers { get; init; }

    /// <summary>Nodes that let through only who has something to do beyond: private gates and their kind.</summary>
    public required int OwnTrafficGates { get; init; }

    /// <summary>Drivable ways that are closed at some hours, one way at least.</summary>
    public required int TimedWays { get; init; }

    /// <summary>Gates that are closed at some hours.</summary>
    public required int TimedGates { get; init; }

    /// <summary>Conditions of ways and gates (of hours, weather, who sits in the car) that are not honoured, by kind.</summary>
    public required IReadOnlyDictionary<string, int> ConditionsLeftOut { get; init; }

    /// <summary>Length of all segments, both carriageways of a divided road counted.</summary>
    public double RoadKilometers { get; init; }

    /// <summary>Of the segments where routes start and end.</summary>
    public double ConnectedKilometers { get; init; }

    /// <summary>Of the segments in built-up areas.</summary>
    public required double UrbanKilometers { get; init; }

    /// <summary>Turn restrictions in the file.</summary>
    public required int Restrictions { get; init; }

    public required int RestrictionsApplied { get; init; }

    /// <summary>Of those applied, the ones over ways.</summary>
    public required int RestrictionsOverWays { get; init; }

    /// <summary>Of those applied, the ones of several turns some of which could not be found.</summary>
    public required int RestrictionsAppliedInPart { get; init; }

    /// <summary>How many were left out, by reason.</summary>
    public required IReadOnlyDictionary<string, int> RestrictionsIgnored { get; init; }
}
