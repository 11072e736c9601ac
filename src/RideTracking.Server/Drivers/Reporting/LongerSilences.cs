


namespace RideTracking.Server.Drivers.Reporting;

/// <summary>By driver's slot, how much longer than usual a position may stay without a fix, since the app was told so. Thread-safe.</summary>
public sealed class LongerSilences
{
    private readonly Lock _growing = new();
    private int[] _milliseconds = new int[1024];

    /// <summary>Beyond its end nobody was told anything.</summary>
    public ReadOnlySpan<int> BySlot => Volatile.Read(ref _milliseconds);

    public void Set(int slot, TimeSpan longer)
    {
        var milliseconds = (int)Math.Clamp(longer.TotalMilliseconds, 0, int.MaxValue);
        lock (_growing)
        {
            if (slot >= _milliseconds.Length)
            {
                if (milliseconds == 0)
                {
                    return;
                }

                var grown = new int[Math.Max(slot + 1, _milliseconds.Length * 2)];
                _milliseconds.CopyTo(grown, 0);
                Volatile.Write(ref _milliseconds, grown);
            }

            Volatile.Write(ref _milliseconds[slot], milliseconds);
        }
    }
}
