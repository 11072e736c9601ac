using RideTracking.Server.Store;
using RideTracking.Server.Store.Feeds;

namespace RideTracking.Simulation.Nodes;

/// <summary>The reading of a feed, step by step: what is published is taken in as it comes, and the head is looked at.</summary>
/// <param name="reader">Reads it.</param>
/// <param name="watch">Watches the task of a step.</param>
internal sealed class FeedSteps(FeedReader reader, Action<Task> watch)
{
    private Task _step = Task.CompletedTask;
    private bool _isWanted;

    /// <summary>Looks at the head.</summary>
    public void Look() => Step(reader.LookAsync);

    /// <summary>The same, for who waits until it is done.</summary>
    public Task LookAsync() => StepAsync(reader.LookAsync);

    /// <summary>Takes in what was heard.</summary>
    public void TakeIn() => Step(reader.TakeInAsync);

    // One after the other: waiting for a turn would leave the simulation's thread.
    private void Step(Func<CancellationToken, Task> step)
    {
        if (!_step.IsCompleted)
        {
            _isWanted = true;
            return;
        }

        _step = StepAsync(step);
        watch(_step);
        _step.ContinueWith(
            _ =>
            {
                if (_isWanted)
                {
                    _isWanted = false;
                    TakeIn();
                }
            },
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private async Task StepAsync(Func<CancellationToken, Task> step)
    {
        try
        {
            await step(CancellationToken.None);
        }
        catch (Exception e) when (StoreFailure.Passes(e))
        {
            // The next look takes it up.
            if (step == reader.LookAsync)
            {
                reader.LookedInVain();
            }
        }
    }
}
