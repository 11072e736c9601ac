using RideTracking.Engine.Ingest;
using RideTracking.Server.Log;

namespace RideTracking.Server.Tests.Storage;

/// <summary>What connection-claim.lua and log-append.lua do, of one driver and one writer.</summary>
internal sealed class ModelStore
{
    private readonly Dictionary<string, ulong> _attempts = [];
    private readonly Dictionary<string, (ulong Through, List<SequencedVerdict> Rejections, List<SequenceContent> Contents)> _sessions = [];
    private long _batch;

    public DriverClaim? Holder { get; private set; }

    public List<(string Session, ulong Sequence, uint Content)> Log { get; } = [];

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
            Marks.Add(new FenceMark(request.DriverId, Holder.Epoch, request.Attempt));
        }

        var (through, rejections, contents) = _sessions.GetValueOrDefault(request.SessionId, (0, [], []));
        return new ConnectionClaim(Holder, through, null, null, rejections, contents);
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
            Log.Add((record.Carrier.SessionId, record.Fix.Sequence, record.Fix.ContentHash()));
        }

        foreach (var carrier in records.Select(r => r.Carrier).Distinct())
        {
            var (rejections, contents) = (new List<SequencedVerdict>(), new List<SequenceContent>());
            carrier.Ledger.CopyStored(carrier.BatchThrough, rejections, contents);
            // Through the bytes, as they are stored.
            var stored = LastFix.Parse(LastFix.Write(carrier.BatchThrough, carrier.SessionIdUtf8, new Fix { Sequence = carrier.BatchThrough, FixedAtUnixMs = 1 }, rejections, contents))!.Value;
            _sessions[carrier.SessionId] = (stored.LoggedThrough, [.. stored.Rejections], [.. stored.Contents]);
        }
    }
}
