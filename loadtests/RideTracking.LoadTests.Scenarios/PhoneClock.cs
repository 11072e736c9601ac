namespace RideTracking.LoadTests.Scenarios;

/// <summary>
/// The clock of a phone whose drive goes faster than ours: a second for each fix. The server compares a phone's times
/// with each other alone, so that as many fixes as are wanted pass its gate. One user.
/// </summary>
internal sealed class PhoneClock : TimeProvider
{
    private DateTimeOffset _now = System.GetUtcNow();

    public void Advance(TimeSpan by) => _now += by;

    public override DateTimeOffset GetUtcNow() => _now;
}
