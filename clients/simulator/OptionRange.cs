using System.CommandLine;

namespace RideTracking.Simulator;

internal static class OptionRange
{
    /// <summary>Refuses values outside a range, with a message that names it.</summary>
    public static void InRange<T>(this Option<T> option, double from, double to)
        where T : IConvertible =>
        option.Validators.Add(result =>
        {
            if (!(result.GetValueOrDefault<T>()!.ToDouble(null) is var value && value >= from && value <= to))
                result.AddError($"{option.Name} must be {from} to {to}.");
        });
}
