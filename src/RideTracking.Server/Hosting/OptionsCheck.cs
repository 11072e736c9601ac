using Microsoft.Extensions.Options;

namespace RideTracking.Server.Hosting;

/// <summary>Collects what is wrong with a section of the settings and how to mend it, so that all of it is told at once.</summary>
/// <param name="section">The section's name.</param>
internal sealed class OptionsCheck(string section)
{
    private readonly List<string> _faults = [];

    /// <summary>All that was found.</summary>
    public ValidateOptionsResult Result => _faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(_faults);

    /// <summary>A setting must be at least one value and at most another.</summary>
    public void Within<T>(string name, T value, T least, T most)
        where T : IComparable<T>, IFormattable =>
        // Not a number comes before every number, and so fails.
        Require(
            value.CompareTo(least) >= 0 && value.CompareTo(most) <= 0, FormattableString.Invariant($"{name} is {value}. Set it between {least} and {most}."));

    /// <summary>A setting must be more than one value and at most another.</summary>
    public void Above<T>(string name, T value, T bound, T most)
        where T : IComparable<T>, IFormattable =>
        Require(
            value.CompareTo(bound) > 0 && value.CompareTo(most) <= 0, FormattableString.Invariant($"{name} is {value}. Set it above {bound} and at most {most}."));

    /// <summary>A setting must be at least a value.</summary>
    public void AtLeast<T>(string name, T value, T least)
        where T : IComparable<T>, IFormattable =>
        Require(value.CompareTo(least) >= 0, FormattableString.Invariant($"{name} is {value}. Set it to at least {least}."));

    /// <summary>Something must hold.</summary>
    /// <param name="holds">Whether it does.</param>
    /// <param name="fault">What to say when it does not; begins with the setting's name, without its section; with a space when it is about the whole of it.</param>
    public void Require(bool holds, string fault)
    {
        if (!holds)
        {
            _faults.Add($"{section}:{fault}");
        }
    }

    /// <summary>What was found elsewhere; each begins with the setting's name, without its section.</summary>
    public void Add(IEnumerable<string> faults) => _faults.AddRange(faults.Select(fault => $"{section}:{fault}"));
}
