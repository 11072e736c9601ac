namespace RideTracking.Simulation.Time;

/// <summary>The one source of chance of a run.</summary>
internal sealed class Chance(int seed)
{
    private readonly Random _random = new(seed);

    /// <summary>Whether something happens that does so with this probability.</summary>
    public bool Of(double probability) => _random.NextDouble() < probability;

    /// <summary>From <paramref name="least"/> to below <paramref name="end"/>.</summary>
    public int Number(int least, int end) => _random.Next(least, end);

    public double Number(double least, double end) => least + ((end - least) * _random.NextDouble());

    public TimeSpan Milliseconds(double least, double most) => TimeSpan.FromMilliseconds(Number(least, most));

    public TimeSpan Seconds(double least, double most) => TimeSpan.FromSeconds(Number(least, most));

    /// <summary>A time of a memoryless process.</summary>
    public TimeSpan Exponential(TimeSpan mean) => mean * -Math.Log(1 - _random.NextDouble());

    public T Pick<T>(IReadOnlyList<T> from) => from[_random.Next(from.Count)];
}
