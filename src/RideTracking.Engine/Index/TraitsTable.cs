namespace RideTracking.Engine.Index;

/// <summary>
/// The different vehicles of the fleet, by number: a fleet has many cars but few kinds, so two bytes for each driver
/// say all. Reading takes no lock.
/// </summary>
internal sealed class TraitsTable
{
    private readonly Lock _adding = new();
    private readonly Dictionary<VehicleTraits, ushort> _numbers = new() { [default] = 0 };
    private volatile VehicleTraits[] _traits = new VehicleTraits[16];

    /// <summary>The traits that have a number.</summary>
    public ref readonly VehicleTraits this[ushort number] => ref _traits[number];

    public ushort GetOrAdd(VehicleTraits traits)
    {
        lock (_adding)
        {
            if (_numbers.TryGetValue(traits, out ushort known))
            {
                return known;
            }

            int number = _numbers.Count;
            if (number > ushort.MaxValue)
            {
                throw new InvalidOperationException(
                    $"Vehicles differ in more than {ushort.MaxValue:N0} ways. Attributes are for what searches ask for, not for what tells cars apart.");
            }

            VehicleTraits[] all = _traits;
            if (number == all.Length)
            {
                Array.Resize(ref all, number * 2);
            }

            all[number] = traits;
            _traits = all;
            _numbers.Add(traits, (ushort)number);
            return (ushort)number;
        }
    }
}
