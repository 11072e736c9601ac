namespace RideTracking.Engine.Roads.Graph;

/// <summary>As what a fleet drives, which decides the roads that are open to it. Stored in graph files: never renumber.</summary>
public enum RoadUser : byte
{
    /// <summary>Private cars.</summary>
    Car = 0,

    /// <summary>Cars licensed as taxis: bus lanes and streets that are open to taxis are open to them.</summary>
    Taxi = 1,
}
