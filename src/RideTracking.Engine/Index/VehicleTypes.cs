namespace RideTracking.Engine.Index;

/// <summary>Gives each name of a vehicle type a small number from 1, for as long as the process lives. Thread-safe.</summary>
public sealed class VehicleTypes
{
    private readonly Dictionary<string, ushort> _numbers = new(StringComparer.Ordinal);
    private readonly Lock _adding = new();

    /// <summary>The type's number, a new one the first time; 0 for an empty name, which means not known.</summary>
    /// <exception cref="InvalidOperationException">There are 65,535 types already.</exception>
    public ushort GetOrAdd(string name)
    {
        if (name.Length == 0)
        {
            return 0;
        }

        lock (_adding)
        {
            if (!_numbers.TryGetValue(name, out ushort number))
            {
                if (_numbers.Count == ushort.MaxValue)
                {
                    throw new InvalidOperationException($"There are {ushort.MaxValue:N0} vehicle types already.");
                }

                number = (ushort)(_numbers.Count + 1);
                _numbers.Add(name, number);
            }

            return number;
        }
    }

    /// <summary>The type's number; false when no vehicle has had this type.</summary>
    public bool TryGet(string name, out ushort number)
    {
        lock (_adding)
        {
            return _numbers.TryGetValue(name, out number);
        }
    }
}
