namespace RideTracking.Engine.Roads.Graph;

/// <summary>What kind of road, from the fastest down. Stored in graph files: never renumber.</summary>
public enum RoadClass : byte
{
    Motorway = 0,
    Trunk = 1,
    Primary = 2,
    Secondary = 3,
    Tertiary = 4,
    Unclassified = 5,
    Residential = 6,
    LivingStreet = 7,
    Service = 8,
    Track = 9,
    Ferry = 10,
}
