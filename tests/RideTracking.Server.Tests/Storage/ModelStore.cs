using RideTracking.Engine.Ingest;
using RideTracking.Server.Log;

namespace RideTracking.Server.Tests.Storage;

/// <summary>What connection-claim.lua and log-append.lua do, of one driver and one writer, and what memory makes of it.</summary>
internal sealed class ModelStore
{
    private readonly Dictionary<string, ulong> _attempts = [];
    private LoggedDriver _driver = new("d");
    private long _batch;

    public DriverClaim? Holder { get; private set; }

    public List<(string Session, ulong Sequence, uint Content)> Log { get; } = [];

    /// <summary>Sessions of so long ago that nobody knows any more where they end.</summary>
    public HashSet<string> Forgotten { get; } = [];

    public HashSet<FenceMark> Marks { get; } = [];

    /// <summary>Whether a batch was done already.</summary>
    public bool Has(long batch) => _batch >= batch;

    /// <summary>Null when another has come since: the driver's holder is not the one that the claim follows on, or the device is further.</summary>
    public ConnectionClaim? Claim(ClaimRequest request, DriverClaim? follows)
    {
        if (follows != Holder || request.Before?.IsPassedBy(Holder) == true || _attempts.GetValueOrDefault(request.Attempt.Device!) > request.Attempt.Number)
        {
            return null;
        }

        _attempts[request.Attempt.Device!] = request.Attempt.Number;
        Holder = new DriverClaim(Math.Max(Holder?.Epoch ?? 0, request.EpochFloor) + 1, "w");
        if (follows is not null)
        {
            Marks.Add(new FenceMark(request.DriverId, Holder, request.Attempt));
        }

        var claim = _driver.Resume(Holder, request.SessionId, nowUnixMs: 0);
        if (claim.ResumeAfterSequence == 0 && Log.Exists(l => l.Session == request.SessionId))
        {
            // The app has begun many others since, and sends again what it still holds.
            Forgotten.Add(request.SessionId);
        }

        return claim;
    }

    public void Append(long batch, List<LogRecord> records)
    {
        if (Has(batch))
        {
            return;
        }

        _batch = batch;
        foreach (var record in records)
        {
            if (record.Verdict.Outcome != FixOutcome.Rejected)
            {
                Log.Add((record.Carrier.SessionId, record.Fix.Sequence, record.Fix.ContentHash()));
            }

            _driver.Take(LoggedFix.Of(record), 0);
        }

        // Through the bytes, as a checkpoint has them.
        var (buffer, length) = (Array.Empty<byte>(), 0);
        _driver.Write(ref buffer, ref length, 0);
        var reader = new PackedReader(buffer.AsSpan(0, length));
        _driver = LoggedDriver.Read(ref reader);
        Assert.True(reader.AtEnd);
    }
}
