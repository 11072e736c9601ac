using System.Text.Json.Serialization;

namespace RideTracking.Benchmarks.Wires;

// The same data as the contract's, in the words that one would choose who writes JSON or XML by hand: numbers as numbers, and no more members.

public sealed class Place
{
    public double Latitude { get; set; }

    public double Longitude { get; set; }
}

public sealed class SearchQuery
{
    public Place Center { get; set; } = new();

    public double RadiusMeters { get; set; }

    public uint MaxResults { get; set; }
}

public sealed class FoundCar
{
    public string DriverId { get; set; } = "";

    public double DistanceMeters { get; set; }

    public Place Location { get; set; } = new();

    public double FixAgeSeconds { get; set; }

    public string Availability { get; set; } = "";

    public string Work { get; set; } = "";

    public string Link { get; set; } = "";

    public string VehicleId { get; set; } = "";

    public string VehicleType { get; set; } = "";

    public uint Seats { get; set; }
}

public sealed class SearchAnswer
{
    public FoundCar[] Drivers { get; set; } = [];

    public DateTime ServerTime { get; set; }
}

public sealed class FixReport
{
    public string DriverId { get; set; } = "";

    public string SessionId { get; set; } = "";

    public long SentAtUnixMs { get; set; }

    public ReportedFix[] Fixes { get; set; } = [];
}

public sealed class ReportedFix
{
    public ulong Sequence { get; set; }

    public long SensorTimeUnixMs { get; set; }

    public double Latitude { get; set; }

    public double Longitude { get; set; }

    public double AccuracyMeters { get; set; }

    public double CourseDegrees { get; set; }

    public double SpeedMetersPerSecond { get; set; }

    public double AltitudeMeters { get; set; }
}

public sealed class FixReceipt
{
    public ulong ThroughSequence { get; set; }
}

public sealed class CarPosition
{
    public Place Location { get; set; } = new();

    public double CourseDegrees { get; set; }

    public double SpeedMetersPerSecond { get; set; }

    public long FixedAtUnixMs { get; set; }

    public bool IsOnRoute { get; set; }
}

/// <summary>What goes over a WebSocket, which has no paths: one of them.</summary>
public sealed class SocketCall
{
    public SearchQuery? Search { get; set; }

    public FixReport? Report { get; set; }
}

/// <summary>How all of these are read and written as JSON: by code that was generated, the fastest that .NET has.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SearchQuery))]
[JsonSerializable(typeof(SearchAnswer))]
[JsonSerializable(typeof(FixReport))]
[JsonSerializable(typeof(FixReceipt))]
[JsonSerializable(typeof(CarPosition))]
[JsonSerializable(typeof(SocketCall))]
internal sealed partial class PlainJson : JsonSerializerContext;
