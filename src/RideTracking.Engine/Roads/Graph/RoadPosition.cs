namespace RideTracking.Engine.Roads.Graph;

/// <summary>A place on a road, in a direction of driving.</summary>
/// <param name="Edge">2 × segment, or 2 × segment + 1 against the way its shape is drawn.</param>
/// <param name="Fraction">How much of the edge lies behind, by length, 0 to 1.</param>
public readonly record struct RoadPosition(int Edge, double Fraction)
{
    /// <summary>The stretch of road.</summary>
    public int Segment => Edge >> 1;

    /// <summary>True when driven as its shape is drawn.</summary>
    public bool IsForward => (Edge & 1) == 0;

    /// <summary>The same place, driven the other way.</summary>
    public RoadPosition Reversed => new(Edge ^ 1, 1 - Fraction);

    /// <summary>Edge and fraction; what the compiler writes would go to and fro between the directions for ever.</summary>
    public override string ToString() => $"{Edge}@{Fraction}";
}
