namespace RideTracking.Simulation.Nodes;

/// <summary>
/// A node asks the store what time it is. Of several that wait for one task all but one go on on other threads: so one asks at a time, and the others
/// look whether it is done.
/// </summary>
internal sealed class TimeAsking(TimeProvider machine)
{
    private bool _isAsking;

    public async Task AskAsync(Func<Task> ask)
    {
        while (_isAsking)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), machine);
        }

        _isAsking = true;
        try
        {
            await ask();
        }
        finally
        {
            _isAsking = false;
        }
    }
}
