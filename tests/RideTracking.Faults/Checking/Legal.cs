using RideTracking.Faults.Schedule;

namespace RideTracking.Faults.Checking;

/// <summary>What may be otherwise than clients were told, since the store was made to forget it.</summary>
/// <param name="forgotten">What it was made to forget.</param>
/// <param name="suffered">What else there was: a silent link hands over late what it was given in time.</param>
internal sealed class Legal(IReadOnlyList<Forgotten> forgotten, SufferedFaults suffered)
{
    /// <summary>Whether the store was ever made to forget.</summary>
    public bool Forgot => forgotten.Count > 0;

    /// <summary>Whether what was asked for and answered then may be gone.</summary>
    public bool MayBeForgotten(DateTimeOffset asked, DateTimeOffset told) => forgotten.Any(f => !f.IsUnanswered && f.MayHave(asked, told, suffered));

    /// <summary>Whether what had happened and was shown then may be gone: watches tell it before replicas have it.</summary>
    public bool MayBeUndone(DateTimeOffset happened, DateTimeOffset shown) => forgotten.Any(f => f.MayHave(happened, shown, suffered));

    /// <summary>Whether the store forgot something between two times, or a moment later.</summary>
    public bool ForgotBetween(DateTimeOffset from, DateTimeOffset through) => forgotten.Any(f => f.Through >= from && f.From <= through);
}
