using System.Globalization;

namespace RideTracking.Benchmarks;

/// <summary>What follows the verb on the command line: pairs of a name and a number.</summary>
internal sealed class Options(string[] arguments)
{
    /// <summary>The number after the name, or the default.</summary>
    /// <exception cref="FormatException">What follows the name is no number.</exception>
    public double Number(string name, double otherwise)
    {
        var at = Array.IndexOf(arguments, name);
        return at < 0 ? otherwise
            : at + 1 < arguments.Length ? double.Parse(arguments[at + 1], CultureInfo.InvariantCulture)
            : throw new FormatException($"{name} needs a number after it.");
    }

    /// <inheritdoc cref="Number"/>
    public int Count(string name, int otherwise) => (int)Number(name, otherwise);
}
