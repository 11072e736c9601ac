using System.Globalization;

namespace RideTracking.Engine.Tests.Zones;

/// <summary>What was told of many drives, as shares.</summary>
internal sealed class PassageTally
{
    // Nobody turns a corner faster.
    private const double FastestTurnMetersPerSecond = 14;

    private int _drives, _turns, _missedLengthwise, _missedAcross, _late, _timesOff, _besides, _corners;

    public double MissedLengthwise => (double)_missedLengthwise / _drives;

    public double MissedAcross => (double)_missedAcross / _drives;

    /// <summary>Of both ways through.</summary>
    public double Late => _late / (2.0 * _drives);

    public double TimesOff => _timesOff / (2.0 * _drives);

    public double MadeUpBeside => (double)_besides / _drives;

    public double MadeUpRoundCorner => _turns == 0 ? 0 : (double)_corners / _turns;

    /// <summary>One drive of each kind.</summary>
    public void Add(PassageDrive drive, Random random)
    {
        _drives++;
        PassageDrive.Outcome lengthwise = drive.Lengthwise(random), across = drive.Across(random);
        _missedLengthwise += lengthwise.EventCount == 0 ? 1 : 0;
        _missedAcross += across.EventCount == 0 ? 1 : 0;
        foreach (PassageDrive.Outcome through in new[] { lengthwise, across })
        {
            _late += through.IsLate ? 1 : 0;
            _timesOff += through.IsWhole && !through.IsInTime ? 1 : 0;
        }

        _besides += drive.Beside(random).EventCount > 0 ? 1 : 0;
        if (drive.SpeedMetersPerSecond <= FastestTurnMetersPerSecond)
        {
            _turns++;
            _corners += drive.AroundCorner(random).EventCount > 0 ? 1 : 0;
        }
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{MissedLengthwise:0.0 %} | {MissedAcross:0.0 %} | {Late:0.0 %} | {TimesOff:0.0 %} | {MadeUpBeside:0.0 %} | {MadeUpRoundCorner:0.0 %} |");
}
