namespace RideTracking.Engine.Ingest;

/// <summary>What the gate did with a fix. The numbers are those of the contract's <c>FixOutcome</c>.</summary>
public enum FixOutcome : byte
{
    /// <summary>Not judged.</summary>
    Unspecified = 0,

    /// <summary>Good, and the driver's present position.</summary>
    Accepted = 1,

    /// <summary>Good, but later than a newer one: it repairs history and never moves the present.</summary>
    HistoryOnly = 2,

    /// <summary>Not kept.</summary>
    Rejected = 3,
}

/// <summary>
/// Why a fix was rejected, with the unit of limit and measure. The numbers are those of the contract's
/// <c>FixRejectReason</c>.
/// </summary>
public enum FixRejectReason : byte
{
    /// <summary>Not rejected.</summary>
    Unspecified = 0,

    /// <summary>Latitude or longitude out of range (degrees).</summary>
    InvalidCoordinate = 1,

    /// <summary>Sensor time or time of sending is not a time (milliseconds since 1970).</summary>
    InvalidTime = 2,

    /// <summary>Taken later than it was sent (seconds).</summary>
    FromFuture = 3,

    /// <summary>Older than the log keeps (seconds).</summary>
    TooOld = 4,

    /// <summary>Nothing on wheels gets there from the present position (metres per second).</summary>
    ImpossibleJump = 5,

    /// <summary>The accuracy circle is too wide to be of use (metres).</summary>
    TooInaccurate = 6,

    /// <summary>Made up by an app where the operator does not allow that (no unit: limit 0, measured 1).</summary>
    MockLocation = 8,

    /// <summary>The sequence does not rise and this is no resend (sequence). Found by <see cref="SequenceWindow"/>.</summary>
    SequenceReused = 9,
}

/// <summary>What became of a fix and, when it was rejected, why.</summary>
/// <param name="Outcome">What was done.</param>
/// <param name="Reason">Why, when rejected.</param>
/// <param name="Limit">The limit that was broken, in the unit of the reason.</param>
/// <param name="Measured">What was measured against it, in the same unit.</param>
public readonly record struct FixVerdict(
    FixOutcome Outcome, FixRejectReason Reason = FixRejectReason.Unspecified, double Limit = 0, double Measured = 0)
{
    /// <summary>The fix is the driver's new present.</summary>
    public static FixVerdict Accepted => new(FixOutcome.Accepted);

    /// <summary>The fix belongs to the past.</summary>
    public static FixVerdict HistoryOnly => new(FixOutcome.HistoryOnly);

    /// <summary>The fix is refused.</summary>
    public static FixVerdict Rejected(FixRejectReason reason, double limit, double measured) =>
        new(FixOutcome.Rejected, reason, limit, measured);
}
