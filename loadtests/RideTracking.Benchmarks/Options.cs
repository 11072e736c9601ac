using System.Globalization;

namespace RideTracking.Benchmarks;

/// <summary>What follows the verb on the command line: pairs of a name and a number.</summary>
internal sealed class Options
{
    private readonly Dictionary<string, double> _numbers = [];

    /// <exception cref="FormatException">Something else than the known names, each with a number after it.</exception>
    public Options(string[] arguments, params ReadOnlySpan<string> known)
    {
        for (var i = 0; i < arguments.Length; i += 2)
        {
            if (!known.Contains(arguments[i]))
            {
                throw new FormatException($"{arguments[i]} is not among {string.Join(", ", known!)}.");
            }

            _numbers[arguments[i]] = i + 1 < arguments.Length && double.TryParse(arguments[i + 1], CultureInfo.InvariantCulture, out var number)
                ? number
                : throw new FormatException($"{arguments[i]} needs a number after it.");
        }
    }

    /// <summary>The number after the name, or the default.</summary>
    public double Number(string name, double otherwise) => _numbers.GetValueOrDefault(name, otherwise);

    /// <inheritdoc cref="Number"/>
    public int Count(string name, int otherwise) => (int)Number(name, otherwise);
}
