using System.Text;

namespace RideTracking.Server.Log;

/// <summary>Why a carrier acts for its driver no more.</summary>
public enum CarrierLoss
{
    /// <summary>It still does.</summary>
    None,

    /// <summary>Another connection has the driver.</summary>
    TakenOver,

    /// <summary>The same device has connected anew.</summary>
    SameDevice,

    /// <summary>It ended, and never had the driver.</summary>
    Ended,
}

/// <summary>
/// The one who speaks for a driver on this node, by a claim of the store's. Whatever acts for the driver goes through it, and
/// stops with it at once. Thread-safe.
/// </summary>
public sealed class Carrier
{
    private static long _last;

    private volatile DriverClaim? _claim;
    private volatile DriverClaim? _before;
    private volatile bool _hasEnded;
    private volatile bool _isClaimedLate;
    private int _loss;

    /// <param name="request">Who asked for the driver.</param>
    /// <param name="claim">The store's answer; null when it gave none yet.</param>
    /// <param name="ledger">What has become of its fixes.</param>
    /// <param name="claiming">The asking, which is over before the store is asked again.</param>
    public Carrier(ClaimRequest request, ConnectionClaim? claim, SessionLedger ledger, Task claiming)
    {
        (Request, Ledger, Claiming) = (request, ledger, claiming);
        _claim = claim?.Claim;
        (DriverIdUtf8, SessionIdUtf8) = (Encoding.UTF8.GetBytes(request.DriverId), Encoding.UTF8.GetBytes(request.SessionId));
    }

    /// <summary>The driver.</summary>
    public string DriverId => Request.DriverId;

    /// <summary>Of which buffer the fixes come.</summary>
    public string SessionId => Request.SessionId;

    /// <summary>Which of its device's attempts to connect it came by.</summary>
    public DeviceAttempt Attempt => Request.Attempt;

    /// <summary>What has become of its fixes.</summary>
    public SessionLedger Ledger { get; }

    /// <summary>By what it holds the driver; null until the store could be asked, and while it is asked anew.</summary>
    public DriverClaim? Claim => _claim;

    /// <summary>Whether the store has said that it may write.</summary>
    public bool IsClaimed => _claim is not null;

    /// <summary>Whether it was here before it had its claim: its epoch does not tell when it came.</summary>
    internal bool IsClaimedLate => _isClaimedLate;

    /// <summary>The last claim that it had, above which the next one must be.</summary>
    internal DriverClaim? LastClaim => _claim ?? _before;

    /// <summary>Why it acts for the driver no more.</summary>
    public CarrierLoss Loss => (CarrierLoss)Volatile.Read(ref _loss);

    /// <summary>Whether it acts for the driver no more: nothing that it still says moves or writes anything.</summary>
    public bool IsLost => Loss != CarrierLoss.None;

    /// <summary>Whether its stream has ended: it claims nobody any more, and what it appended under its claim is written.</summary>
    internal bool HasEnded => _hasEnded;

    /// <summary>Called when there may be something to tell: the log has moved or lost something, the claim has come, the driver is gone. Returns at once.</summary>
    internal Action Told { get; set; } = () => { };

    /// <summary>The highest command that its stream has seen.</summary>
    internal Func<ulong> LastCommandSequence { get; set; } = () => 0;

    /// <summary>Rises from one carrier of the process to the next: who came first is claimed first.</summary>
    internal long Number { get; } = Interlocked.Increment(ref _last);

    internal ClaimRequest Request { get; }

    internal Task Claiming { get; }

    // The rest is the log's loop's own.

    internal byte[] DriverIdUtf8 { get; }

    internal byte[] SessionIdUtf8 { get; }

    /// <summary>The last attempt to write that it was part of: each lists a carrier once.</summary>
    internal long InAttempt { get; set; }

    /// <summary>By which number the log names it.</summary>
    internal LogOpening Opening { get; set; }

    /// <summary>Highest sequence of it in the batch being written.</summary>
    internal ulong BatchThrough { get; set; }

    /// <summary>Whether a fix of it may still be written.</summary>
    internal bool MayWrite(ulong sequence, int run) => IsClaimed && !IsLost && Ledger.MayWrite(sequence, run);

    /// <summary>The store has answered after all.</summary>
    internal void Claimed(ConnectionClaim claim)
    {
        Ledger.Resume(claim);
        _isClaimedLate |= LastClaim is null;
        _claim = claim.Claim;
        Told();
    }

    /// <summary>The claim holds no longer: it acts on when it has a new one.</summary>
    internal void Suspend()
    {
        _before = LastClaim;
        _claim = null;
        Ledger.Doubt();
    }

    /// <summary>Its stream has ended.</summary>
    internal void End() => _hasEnded = true;

    /// <summary>The log has taken all of it in that was in a batch.</summary>
    internal void Logged()
    {
        Opening = Opening with { IsWritten = true };
        Ledger.Logged(BatchThrough);
        Told();
    }

    /// <summary>It acts for the driver no more.</summary>
    internal void Lose(CarrierLoss loss)
    {
        if (Interlocked.CompareExchange(ref _loss, (int)loss, (int)CarrierLoss.None) == (int)CarrierLoss.None)
        {
            Told();
        }
    }
}
