using RideTracking.Server.Matching;
using RideTracking.Simulation.Time;

namespace RideTracking.Simulation.Nodes;

/// <summary>A node's rounds of matching: one after the other, whenever one is wanted.</summary>
internal sealed class MatchingSteps(EventQueue queue, NodeRun node, MatchingRounds rounds)
{
    private Task _step = Task.CompletedTask;
    private bool _isWanted;

    /// <summary>A round is due by time alone.</summary>
    public void Tick()
    {
        rounds.Tick();
        Want();
    }

    /// <summary>A round is wanted.</summary>
    public void Want()
    {
        if (_isWanted)
        {
            return;
        }

        _isWanted = true;
        queue.After(TimeSpan.FromMilliseconds(1), node.Life, () =>
        {
            if (!_step.IsCompleted)
            {
                // Again when the present look is done.
                _step.ContinueWith(_ => { _isWanted = false; Want(); }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
                return;
            }

            _isWanted = false;
            _step = rounds.MatchAllAsync(CancellationToken.None);
            node.Watch("matching", _step);
        });
    }
}
