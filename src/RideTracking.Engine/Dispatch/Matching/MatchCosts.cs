namespace RideTracking.Engine.Dispatch.Matching;

/// <summary>What a driver costs a request, all in seconds of driving that the company holds equal to it. Each is finite and 0 or more unless said otherwise.</summary>
public sealed record MatchCosts
{
    /// <summary>
    /// Seconds of driving that a second of waiting is worth. Grows without bound, so a request is passed over only for others
    /// that came at most (longest pick-up time / this) later. 0 lets a request starve.
    /// </summary>
    public double WaitingWeight { get; init; } = 0.2;

    /// <summary>For each of a driver's recent refusals: who refuses often is asked when he is nearer by this.</summary>
    public double RefusalSeconds { get; init; } = 20;

    /// <summary>The most refusals that count.</summary>
    public int MaxRefusals { get; init; } = 5;

    /// <summary>For a driver who has another trip to finish first, beside the time which that takes; negative prefers them.</summary>
    public double BackToBackSeconds { get; init; } = 30;

    /// <summary>For each second that a driver and those on board drive longer for a pooled rider.</summary>
    public double DetourWeight { get; init; } = 1;

    /// <summary>Between one place of a queue and the next; above 0. Who waits there counts by place alone.</summary>
    public double QueueStepSeconds { get; init; } = 1;

    /// <summary>For a driver who does not wait in the queue where the pick-up is, while somebody does.</summary>
    public double PastQueueSeconds { get; init; } = 1_800;

    /// <summary>
    /// For a request that is given no driver in this round. Below it a driver is worth having: higher than any pick-up time, so
    /// that first as many are served as can be, and then at least cost.
    /// </summary>
    public double UnmatchedSeconds { get; init; } = 7_200;

    /// <summary>The terms for one request and one driver.</summary>
    public CostTerms Of(OpenRequest request, Candidate candidate, FreeDriver driver)
    {
        var hasQueue = request.HasQueue;
        var waiting = -WaitingWeight * request.WaitingSeconds;
        return hasQueue && candidate.QueuePlace is { } place
            ? new CostTerms { Waiting = waiting, Queue = place * QueueStepSeconds }
            : new CostTerms
            {
                PickupEta = candidate.EtaSeconds,
                Waiting = waiting,
                Refusals = RefusalSeconds * Math.Min(driver.RecentRefusals, MaxRefusals),
                Queue = hasQueue ? PastQueueSeconds : 0,
                BackToBack = candidate.IsBackToBack ? BackToBackSeconds : 0,
                Detour = DetourWeight * candidate.DetourSeconds,
            };
    }
}

/// <summary>What one driver costs one request, term by term, in seconds.</summary>
public readonly record struct CostTerms
{
    /// <summary>Until the driver is at the pick-up, what he has to finish before included. 0 for one who waits in the queue there.</summary>
    public double PickupEta { get; init; }

    /// <summary>0 or less: the longer the request waits, the more it is worth.</summary>
    public double Waiting { get; init; }

    /// <summary>For the driver's recent refusals.</summary>
    public double Refusals { get; init; }

    /// <summary>By the place in the queue, or for driving past it.</summary>
    public double Queue { get; init; }

    /// <summary>For a driver who finishes another trip first.</summary>
    public double BackToBack { get; init; }

    /// <summary>For what those on board drive longer.</summary>
    public double Detour { get; init; }

    /// <summary>All of them; infinity when there is no way.</summary>
    public double Total => PickupEta + Waiting + Refusals + Queue + BackToBack + Detour;
}
