using Google.Protobuf.WellKnownTypes;

namespace RideTracking.Server.Drivers;

/// <summary>
/// What the time is by which a phone says when its driver did something: how far its clock is behind the server's is told by
/// what it stamps as it is sent. The least of what was seen is taken, since a way is never shorter than nothing. Of a
/// clock that jumped nothing is known until a second message agrees. Not thread-safe: the stream's reader's own.
/// </summary>
internal sealed class PhoneClock
{
    // What messages may differ by on their way without a clock having jumped; what times may be wrong by in the end.
    private const long ToleranceMs = 2_000;
    private const long MostUnixSeconds = 253_402_300_799;

    private long? _behindMs;
    private long? _doubtedMs;

    /// <summary>A message came.</summary>
    /// <param name="sentAtUnixMs">The phone's clock when it was sent; 0 when it does not say.</param>
    /// <param name="receivedAtUnixMs">The server's.</param>
    public void Observe(long sentAtUnixMs, long receivedAtUnixMs)
    {
        if (sentAtUnixMs is <= 0 or > MostUnixSeconds * 1_000)
        {
            return;
        }

        var behindMs = receivedAtUnixMs - sentAtUnixMs;
        if (_behindMs is not { } known || behindMs <= known)
        {
            (_behindMs, _doubtedMs) = (behindMs, null);
        }
        else if (behindMs <= known + ToleranceMs)
        {
            _doubtedMs = null;
        }
        else if (_doubtedMs is { } doubted && Math.Abs(behindMs - doubted) <= ToleranceMs)
        {
            // Late twice by the same: not the way, the clock was set back.
            (_behindMs, _doubtedMs) = (Math.Min(behindMs, doubted), null);
        }
        else
        {
            _doubtedMs = behindMs;
        }
    }

    /// <summary>When something happened, by the server's clock: never after now, and now itself when the phone's clock is not known.</summary>
    /// <param name="told">What the phone says; null when it does not.</param>
    /// <param name="now">The server's time.</param>
    public DateTimeOffset TimeOf(Timestamp? told, DateTimeOffset now)
    {
        if (told is null || _behindMs is not { } behindMs || _doubtedMs is not null)
        {
            return now;
        }

        // Nothing was checked yet of what is told.
        var unixMs = (Math.Clamp(told.Seconds, 0, MostUnixSeconds) * 1_000) + (told.Nanos / 1_000_000) + behindMs;
        return unixMs >= now.ToUnixTimeMilliseconds() ? now : DateTimeOffset.FromUnixTimeMilliseconds(Math.Max(unixMs, 0));
    }
}
