using RideTracking.Engine.Ingest;

namespace RideTracking.Server.Log;

/// <summary>Who asks for a driver.</summary>
/// <param name="DriverId">The driver.</param>
/// <param name="SessionId">Of which buffer the fixes come.</param>
/// <param name="Attempt">Which attempt of its device it is.</param>
public sealed record ClaimRequest(string DriverId, string SessionId, DeviceAttempt Attempt = default)
{
    /// <summary>The greatest number of a command that is taken from an app: beyond it scripts could soon not tell numbers apart.</summary>
    public const ulong MaxCommandSequence = 1UL << 52;

    /// <summary>The greatest epoch that memory knows of the driver: a store that has forgotten goes on above it.</summary>
    public long EpochFloor { get; init; }

    /// <summary>Whether it is by a stream: the driver is connected by it.</summary>
    public bool IsStream { get; init; }

    /// <summary>The vehicle that the driver's app has named, of a stream; empty for the usual one.</summary>
    public string VehicleId { get; init; } = "";

    /// <summary>How many of its last fixes the app may send again: so many are known by their contents.</summary>
    public int Resendable { get; init; } = 64;

    /// <summary>The highest command that the app or its stream has seen: where the store knows less, what waits is numbered anew above it.</summary>
    public ulong LastCommandSequence { get; init; }

    /// <summary>The claim that it had, of one that is claimed anew: who has come since keeps the driver.</summary>
    public DriverClaim? Before { get; init; }

    /// <summary>Asked just before it is claimed, of one that must not take the driver from whoever comes meanwhile; null for those who may.</summary>
    public Func<bool>? MayClaim { get; init; }
}

/// <summary>What the store answers to a claim.</summary>
/// <param name="Claim">The claim; a later one fences it.</param>
/// <param name="ResumeAfterSequence">Where the session's log ends; 0 for a new session.</param>
/// <param name="LastFix">The driver's present position as the store has it.</param>
/// <param name="LastSessionId">The session that it came from.</param>
/// <param name="Rejections">Rejected fixes up to the resume point of which the app may not have heard.</param>
/// <param name="Contents">What the last fixes up to the resume point were, of those that the app may still send again; in rising order.</param>
public sealed record ConnectionClaim(
    DriverClaim Claim, ulong ResumeAfterSequence, Fix? LastFix, string? LastSessionId,
    IReadOnlyList<SequencedVerdict> Rejections, IReadOnlyList<SequenceContent> Contents);
