using System.Collections.Frozen;

namespace RideTracking.Server.Directories;

/// <summary>
/// Gives each attribute of drivers and vehicles one bit of 64, for as long as the process lives, so that a search
/// compares one number. Thread-safe; looking up takes no lock.
/// </summary>
public sealed class AttributeBits
{
    /// <summary>Different attributes there can be.</summary>
    public const int Most = 64;

    private readonly Lock _adding = new();
    private volatile FrozenDictionary<string, int> _bits = FrozenDictionary<string, int>.Empty;

    /// <summary>Gives bits to attributes that have none yet.</summary>
    /// <returns>False, and no change, when there are not enough left for all of them.</returns>
    public bool TryAdd(IEnumerable<string> attributes)
    {
        if (attributes.All(_bits.ContainsKey))
        {
            return true;
        }

        lock (_adding)
        {
            var missing = attributes.Where(a => !_bits.ContainsKey(a)).Distinct(StringComparer.Ordinal).ToList();
            if (_bits.Count + missing.Count > Most)
            {
                return false;
            }

            var bit = _bits.Count;
            _bits = _bits.Concat(missing.Select(a => KeyValuePair.Create(a, bit++))).ToFrozenDictionary(StringComparer.Ordinal);
            return true;
        }
    }

    /// <summary>The bits of the attributes; those without a bit, which nobody has, are left out and counted.</summary>
    public ulong Of(IEnumerable<string> attributes, out int unknown)
    {
        var bits = _bits;
        var mask = 0UL;
        unknown = 0;
        foreach (var attribute in attributes)
        {
            if (bits.TryGetValue(attribute, out var bit))
            {
                mask |= 1UL << bit;
            }
            else
            {
                unknown++;
            }
        }

        return mask;
    }
}
