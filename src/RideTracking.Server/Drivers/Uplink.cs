using Microsoft.Extensions.ObjectPool;
using RideTracking.V1;
using Fix = RideTracking.Engine.Ingest.Fix;

namespace RideTracking.Server.Drivers;

/// <summary>
/// A message from an app as the server works on it: fixes already in the engine's form, anything else as generated.
/// Pooled: there is one for each message that comes up.
/// </summary>
public sealed class Uplink
{
    /// <summary>Most fixes in a batch.</summary>
    public const int MaxFixes = 500;

    private static readonly DefaultObjectPool<Uplink> Pool = new(new DefaultPooledObjectPolicy<Uplink>(), 1024);

    private Fix[] _fixes = new Fix[1];

    /// <summary>Takes a message object from the pool; <see cref="Return"/> it once it is worked on.</summary>
    public static Uplink Rent() => Pool.Get();

    /// <summary>Gives it back; it must not be touched any more.</summary>
    public void Return() => Pool.Return(this);

    /// <summary>Any message but fixes; null for fixes.</summary>
    public ConnectRequest? Other { get; internal set; }

    /// <summary>The phone's clock at the moment of sending, milliseconds since 1970.</summary>
    public long SentAtUnixMs { get; internal set; }

    /// <summary>Whether the app wants to be told at once when the log has these.</summary>
    public bool AckRequested { get; internal set; }

    /// <summary>The sequence after which the app begins again, if it does.</summary>
    public ulong? ResentAfterSequence { get; internal set; }

    /// <summary>How many fixes the app sent; beyond <see cref="MaxFixes"/> they were not read.</summary>
    public int FixCount { get; private set; }

    /// <summary>The fixes, in the order of the message.</summary>
    public Span<Fix> Fixes => _fixes.AsSpan(0, Math.Min(FixCount, MaxFixes));

    internal void Clear()
    {
        Other = null;
        SentAtUnixMs = 0;
        AckRequested = false;
        ResentAfterSequence = null;
        FixCount = 0;
    }

    internal void Add(in Fix fix)
    {
        if (FixCount < MaxFixes)
        {
            if (FixCount == _fixes.Length)
            {
                Array.Resize(ref _fixes, Math.Min(MaxFixes, _fixes.Length * 4));
            }

            _fixes[FixCount] = fix;
        }

        FixCount++;
    }
}
