using System.Text;
using RideTracking.Engine.Ingest;

namespace RideTracking.Server.Log;

/// <summary>
/// How far the log has followed one session of one driver. Made by the session, moved by <see cref="FixLog"/>.
/// </summary>
/// <remarks>
/// The log appends a cursor's fixes in order. When it must forget one, the cursor is <see cref="IsBroken"/>: nothing
/// more of it is written until the app begins again after <see cref="LoggedThrough"/>, so that an acknowledgement
/// never reaches over a hole.
/// </remarks>
public sealed class LogCursor(string driverId, string sessionId, TimeProvider machine)
{
    private ulong _loggedThrough;
    private ulong _brokenFrom;
    private volatile bool _broken;
    private volatile bool _fenced;
    private volatile bool _isAbandoned;

    public string DriverId { get; } = driverId;

    public string SessionId { get; } = sessionId;

    /// <summary>Which of its device's attempts to connect it came by.</summary>
    public DeviceAttempt Attempt { get; init; }

    /// <summary>Number of the claim under which this session may write; 0 until the store could be asked.</summary>
    public long Epoch { get; private set; }

    /// <summary>Whether the store has said that this session may write.</summary>
    public bool IsClaimed => Epoch != 0;

    /// <summary>Every fix of the session up to this sequence that was appended is in the log.</summary>
    public ulong LoggedThrough => Volatile.Read(ref _loggedThrough);

    /// <summary>A fix had to be forgotten; the app must send again what comes after <see cref="LoggedThrough"/>.</summary>
    public bool IsBroken => _broken;

    /// <summary>Another connection has taken the driver over; nothing of this session is written any more.</summary>
    public bool IsFenced => _fenced;

    /// <summary>What the app is to be told of its fixes.</summary>
    public SessionVerdicts Verdicts { get; } = new(machine);

    /// <summary>Called when the log has moved, has lost something or was taken over; returns at once.</summary>
    internal Action Moved { get; set; } = () => { };

    /// <summary>The claim that was made as the stream opened. It is over before another is made for the same stream.</summary>
    internal Task Claiming { get; set; } = Task.CompletedTask;

    /// <summary>Rises each time the app begins again.</summary>
    internal int Run { get; private set; }

    /// <summary>The stored present of the driver, replaced by each accepted fix that is written. Only the log's loop touches it after the claim.</summary>
    internal Fix? Present { get; set; }

    internal byte[] DriverIdUtf8 { get; } = Encoding.UTF8.GetBytes(driverId);

    internal byte[] SessionIdUtf8 { get; } = Encoding.UTF8.GetBytes(sessionId);

    /// <summary>The last attempt to write that this cursor was part of: each lists a cursor once.</summary>
    internal long InAttempt { get; set; }

    /// <summary>Highest sequence of this cursor in the batch being written.</summary>
    internal ulong BatchThrough { get; set; }

    /// <summary>The store's answer to a claim.</summary>
    internal void Claimed(ConnectionClaim claim)
    {
        Present = claim.LastFix;
        foreach (var (sequence, verdict) in claim.Rejections)
        {
            Verdicts.Add(sequence, verdict);
        }

        Volatile.Write(ref _loggedThrough, Math.Max(_loggedThrough, claim.ResumeAfterSequence));
        Epoch = claim.Epoch;
    }

    /// <summary>The app begins again.</summary>
    internal void BeginAgain()
    {
        Run++;
        _broken = false;
    }

    internal void Advance(ulong through)
    {
        if (through > _loggedThrough)
        {
            Volatile.Write(ref _loggedThrough, through);
        }

        Moved();
    }

    /// <summary>Whether a fix may still be written: what was forgotten, and what came after it, may not.</summary>
    internal bool MayWrite(ulong sequence, int run) =>
        // Whether it is broken before which run it is: who begins again does it in the other order.
        IsClaimed && !_fenced && !_isAbandoned && (!_broken || sequence < _brokenFrom) && run == Run && sequence > LoggedThrough;

    internal void Break(ulong from)
    {
        _brokenFrom = from;
        _broken = true;
    }

    internal void Fence()
    {
        _fenced = true;
        Moved();
    }

    internal void TellBroken() => Moved();

    /// <summary>
    /// Its stream has ended and it never had a claim. Nothing of it is written, and nothing was acknowledged: a claim made for it now would
    /// take the driver from the stream that came after it.
    /// </summary>
    internal void Abandon() => _isAbandoned = true;

    /// <summary>Whether it was given up without a claim.</summary>
    internal bool IsAbandoned => _isAbandoned;
}
