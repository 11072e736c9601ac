using RideTracking.V1;

namespace RideTracking.Faults.Told;

/// <summary>A fix that a phone was told it need not keep any longer.</summary>
/// <param name="DriverId">Whose.</param>
/// <param name="SessionId">Of which buffer.</param>
/// <param name="Sequence">Its number there.</param>
/// <param name="SensorTimeUnixMs">When it was taken; the phones go by the rig's clock.</param>
/// <param name="LatitudeE7">Where.</param>
/// <param name="LongitudeE7">Where.</param>
/// <param name="Outcome">What the phone was told of it; accepted where nothing else was said.</param>
/// <param name="At">When it was told.</param>
internal readonly record struct ToldFix(
    string DriverId, string SessionId, ulong Sequence, long SensorTimeUnixMs, int LatitudeE7, int LongitudeE7, FixOutcome Outcome, DateTimeOffset At);

/// <summary>A command that a phone's app was given.</summary>
internal sealed record ToldCommand(string DriverId, string DeviceId, Command Command, DateTimeOffset At);

/// <summary>An action of a driver's, and what it was answered.</summary>
internal sealed record ToldAction(string DriverId, string DeviceId, DriverAction Action, DateTimeOffset MadeAt)
{
    private readonly List<(ActionResult Result, DateTimeOffset At)> _answers = [];

    /// <summary>All that it was answered.</summary>
    public IReadOnlyList<(ActionResult Result, DateTimeOffset At)> Answers => _answers;

    /// <summary>Whether it was answered that it was done.</summary>
    public bool IsDone => _answers is [var first, ..] && (first.Result.Status?.Code ?? 0) == 0;

    /// <summary>One more answer.</summary>
    public void Answered(ActionResult result, DateTimeOffset at)
    {
        lock (_answers)
        {
            _answers.Add((result, at));
        }
    }
}

/// <summary>A trip that a rider was told of as the answer to a request.</summary>
internal sealed record ToldRequest(string RequestId, string RiderId, string TripId, DateTimeOffset AskedAt, DateTimeOffset At);

/// <summary>A trip as a rider saw it.</summary>
/// <param name="TripId">Which.</param>
/// <param name="Version">In which version.</param>
/// <param name="State">How it stood.</param>
/// <param name="DriverId">Who drove; empty for nobody.</param>
/// <param name="RecordedAt">When its last event was recorded.</param>
/// <param name="At">When it was seen.</param>
internal sealed record ToldTrip(string TripId, ulong Version, TripState State, string DriverId, DateTimeOffset RecordedAt, DateTimeOffset At);

/// <summary>An event of a trip as the company was told it.</summary>
/// <param name="Event">The event.</param>
/// <param name="Watch">Which watch from the beginning it was: a new one where the cursor was refused.</param>
/// <param name="At">When.</param>
internal sealed record ToldEvent(LoggedTripEvent Event, int Watch, DateTimeOffset At);

/// <summary>Words to a driver that the company was told are on their way.</summary>
internal sealed record ToldMessage(string RequestId, string DriverId, string MessageId, string Text, DateTimeOffset AskedAt, DateTimeOffset At);
