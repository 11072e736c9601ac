namespace RideTracking.Engine.Roads.Graph;

/// <summary>
/// What turning costs beside driving, in tenths of a second. The curve over the angle, and 20 s for a U-turn, are those
/// of OSRM's car profile (profiles/car.lua: turn_penalty 7.5 s, turn_bias 1.075, u_turn_penalty 20 s), where a
/// right angle to the near side takes 2.1 s, across the oncoming traffic 5.4 s, and straight on next to nothing.
/// </summary>
internal static class TurnDelay
{
    public const int UTurn = 200;

    /// <summary>
    /// A green wave or a short wait, on average over the day: cities' signals delay by 10 s and more, but free-flow
    /// speeds hold a part of that already. OSRM has 2 s.
    /// </summary>
    public const int Signals = 30;

    public const int StopSign = 30;
    public const int GiveWay = 10;

    /// <summary>Onto a roundabout, which has priority.</summary>
    public const int EnterRoundabout = 15;

    private const double Longest = 75;
    private const double Bias = 1.075;

    /// <param name="angleDegrees">-180 to 180, from straight on, positive to the near side of the road (right where one drives on the right).</param>
    public static double OfAngle(double angleDegrees)
    {
        double share = Math.Abs(angleDegrees) / 180;
        double bias = angleDegrees >= 0 ? 1 / Bias : Bias;
        return Longest / (1 + Math.Exp(-(13 * bias * share - 6.5 / bias)));
    }
}
