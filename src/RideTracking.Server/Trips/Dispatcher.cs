using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using RideTracking.Engine.Dispatch;
using RideTracking.Engine.Index;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;
using RideTracking.Server.Outbox;
using RideTracking.Server.Store;
using RideTracking.Server.Store.Events;
using RideTracking.Server.Telemetry;
using StackExchange.Redis;

namespace RideTracking.Server.Trips;

/// <summary>
/// Decides and commits: the present state, the pure transition, the one script; again from the state that the script met
/// when that was a newer one. A refusal is checked against the store the same way, so it is never given for an old state.
/// </summary>
internal sealed class Dispatcher(
    Area area, TripBook book, TripStore store, CommandWire wire, CommandOutbox outbox, TripRules rules, IOptions<TripOptions> options,
    DispatchMetrics metrics)
{
    // Each lost attempt means that somebody else's was committed; more than this is an attack or an error.
    private const int MaxAttempts = 16;

    // Each call while the store is away leaves a doubt. More than these are not looked into one by one: all is read again.
    private const int MaxDoubts = 1_000;

    // After a fail-over that forgot, all streams' ways are compared. More in one look would keep it from what else it is for.
    private const int MostWaysALook = 1_000;
    private const int WaysAtOnce = 32;

    // A commit whose reply was lost: what it may have changed is read again.
    private readonly ConcurrentDictionary<string, ImmutableArray<string>> _doubted = new(StringComparer.Ordinal);
    private volatile bool _isAllDoubted;

    // Versions of ways that drivers' apps have and the store may not have. Bounded by the drivers.
    private readonly ConcurrentDictionary<string, ulong> _waysTold = new(StringComparer.Ordinal);

    /// <summary>The limits that transitions keep.</summary>
    public TripRules Rules { get; } = rules;

    /// <summary>The decision; another one only where a simulation shows that its checker would find a mistake in it.</summary>
    internal Func<Trip?, ImmutableArray<DriverPlan>, DispatchEvent, DateTimeOffset, TripRules, TransitionResult> Decide { get; set; } = Transitions.Decide;

    /// <summary>Draws what names the states that a commit makes, never 0; counted only where a simulation must be the same each time.</summary>
    internal Func<ulong> NewToken { get; set; } = EventPosition.DrawToken;

    /// <summary>Set by each commit that may let a trip find a driver; matching waits for it.</summary>
    public Signal MatchingWanted { get; } = new();

    /// <summary>Decides what follows from an event and commits it.</summary>
    /// <param name="tripId">The trip it is about; null when it is about a plan only.</param>
    /// <param name="happened">What happened.</param>
    /// <param name="actor">The driver whose action it is.</param>
    /// <param name="answer">Makes what is kept for repeats.</param>
    /// <exception cref="RedisException">The store is away; whether it was committed is then not known.</exception>
    public async Task<DispatchOutcome> DispatchAsync(
        string? tripId, DispatchEvent happened, ActingDriver? actor = null, Func<TransitionResult, StoredAnswer>? answer = null)
    {
        using var step = tripId is null ? null : TripTrace.Begin(tripId, Metering.SnakeCase(happened.GetType().Name));
        try
        {
            var outcome = await DecideAndCommitAsync(tripId, happened, actor, answer);
            step?.SetTag("ridetracking.outcome", Metering.SnakeCase(outcome.GetType().Name));
            return outcome;
        }
        catch (Exception e)
        {
            step?.Failed(e);
            throw;
        }
    }

    private async Task<DispatchOutcome> DecideAndCommitAsync(
        string? tripId, DispatchEvent happened, ActingDriver? actor, Func<TransitionResult, StoredAnswer>? answer)
    {
        await area.TimeKnownAsync();
        var trip = tripId is null || happened is RideRequested ? null : book.Find(tripId) ?? await store.ReadTripAsync(tripId);
        var met = ImmutableArray<DriverPlan>.Empty;
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            var plans = Transitions.DriversOf(trip, happened).Select(id => met.FirstOrDefault(p => p.DriverId == id) ?? book.PlanOf(id)).ToImmutableArray();
            if (!AreOfOneMoment(trip, plans))
            {
                metrics.Conflict();
                trip = await store.ReadTripAsync(trip!.Id);
                met = [.. await Task.WhenAll(plans.Select(p => store.ReadPlanAsync(p.DriverId)))];
                book.Apply(trip, met);
                continue;
            }

            var now = NotBefore(trip, area.Clock.GetUtcNow());
            var result = WithToken(Decide(trip, plans, happened with { Places = book.PlacesOf(plans.Select(p => p.DriverId)) }, now, Rules));
            var commit = (await ToCommitAsync(tripId, trip, plans, result, now)) with
            {
                Actor = actor,
                Answer = answer?.Invoke(result),
                OutboxLimit = happened is DriverChosen ? options.Value.MaxWaitingCommands : null,
            };
            switch (await CommitAsync(commit))
            {
                case Committed committed:
                    TakeIn(trip, result, commit, committed);
                    return new Decided(result);
                case Changed changed:
                    metrics.Conflict();
                    trip = changed.Trip;
                    met = changed.Plans;
                    book.Apply(trip, met);
                    break;
                case Untold untold when happened is OfferTimeEnded ended:
                    happened = ended with { UndeliveredTo = ended.UndeliveredTo.Add(untold.DriverId) };
                    break;
                case Repeated repeated:
                    return new AnsweredBefore(repeated.Answer);
                case OtherClaim other:
                    return new NotTheDriverAnyMore(other.Now);
                default:
                    return new DriverUnheard();
            }
        }

        return new Contended();
    }

    /// <summary>Puts a command into a driver's outbox that no trip is about.</summary>
    /// <param name="driverId">Who is told.</param>
    /// <param name="command">What.</param>
    /// <param name="answer">What is kept for a repeat, if it may be repeated. Then it is refused where too many commands wait already.</param>
    /// <exception cref="RedisException">The store is away; it may be there or not.</exception>
    public async Task<DispatchOutcome> TellAsync(string driverId, OutboxCommand command, StoredAnswer? answer = null)
    {
        await area.TimeKnownAsync();
        var plan = book.PlanOf(driverId);
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            var commit = new TripCommit(area.Clock.GetUtcNow(), null, null, null, [new PlanCommit(plan, null, [command])])
            {
                Answer = answer,
                OutboxLimit = answer is null ? null : options.Value.MaxWaitingCommands,
            };
            switch (await store.CommitAsync(commit))
            {
                case Committed committed:
                    outbox.Added(driverId, committed.Waiting[0], commit.Now);
                    return new Told();
                case Changed changed:
                    plan = changed.Plans[0];
                    book.Apply(null, changed.Plans);
                    break;
                case Repeated repeated:
                    return new AnsweredBefore(repeated.Answer);
                default:
                    return new DriverUnheard();
            }
        }

        return new Contended();
    }

    /// <summary>How many doubts there are that are looked into one by one.</summary>
    internal int DoubtCount => _doubted.Count;

    /// <summary>Whether there were too many doubts, so that the whole present is to be read again. Whoever asks does it.</summary>
    public bool TakeAllDoubted()
    {
        var isAllDoubted = _isAllDoubted;
        _isAllDoubted = false;
        return isAllDoubted;
    }

    /// <summary>Reads again what commits with a lost reply may have changed.</summary>
    /// <param name="loop">Whose look it is; each doubt is an item of its own.</param>
    /// <param name="stopping">Ends it.</param>
    public async Task ResolveDoubtsAsync(Loop loop, CancellationToken stopping)
    {
        // Copies: sorting one that others change meanwhile would fail.
        foreach (var (tripId, drivers) in _doubted.ToArray().OrderBy(d => d.Key, StringComparer.Ordinal))
        {
            await loop.TryAsync($"the doubt about {tripId}", () => ResolveDoubtAsync(tripId, drivers), stopping);
        }

        await ResolveWaysAsync(loop, stopping);
    }

    private async Task ResolveDoubtAsync(string tripId, ImmutableArray<string> drivers)
    {
        var trip = tripId.Length > 0 ? await store.ReadTripAsync(tripId) : null;
        var plans = await Task.WhenAll(drivers.Select(store.ReadPlanAsync));
        book.Apply(trip, [.. plans]);
        _doubted.TryRemove(new KeyValuePair<string, ImmutableArray<string>>(tripId, drivers));
        foreach (var driver in drivers)
        {
            outbox.Look(driver);
        }

        MatchingWanted.Set();
    }

    /// <summary>
    /// A driver's app has a way of this version, which the store may not have: it was told while the store was away, or the store has forgotten
    /// what was told. Where the plan's way is another one, the app is told of it.
    /// </summary>
    public void WayWasTold(string driverId, ulong routePlanVersion) => _waysTold[driverId] = routePlanVersion;

    private async Task ResolveWaysAsync(Loop loop, CancellationToken stopping)
    {
        if (_waysTold.IsEmpty)
        {
            return;
        }

        var told = _waysTold.ToArray().OrderBy(t => t.Key, StringComparer.Ordinal).Take(MostWaysALook).ToList();
        var plans = (await store.ReadPlansAsync([.. told.Select(t => t.Key)])).ToDictionary(p => p.DriverId, StringComparer.Ordinal);
        book.Apply(null, [.. plans.Values]);
        foreach (var some in told.Chunk(WaysAtOnce))
        {
            await Task.WhenAll(some.Select(t => loop.TryAsync(
                $"the way of {t.Key}", () => ResolveWayAsync(t, plans.GetValueOrDefault(t.Key)?.RoutePlanVersion ?? 0), stopping)));
        }
    }

    private async Task ResolveWayAsync(KeyValuePair<string, ulong> told, ulong version)
    {
        if (version == told.Value || await DispatchAsync(null, new RouteUnknown(told.Key, told.Value)) is Decided)
        {
            _waysTold.TryRemove(told);
        }
    }

    // A trip and a plan are taken in, and read, one after the other: another node may have changed both in between. The script
    // would find that out, but what is decided on must be what was once committed together.
    private static bool AreOfOneMoment(Trip? trip, ImmutableArray<DriverPlan> plans) => trip is null || plans.All(plan =>
        (!trip.IsFinal && trip.DriverId == plan.DriverId) == plan.Trips.Any(t => t.TripId == trip.Id)
        && (trip.OfferTo(plan.DriverId) is not null) == (plan.OfferedTripId == trip.Id));

    private TransitionResult WithToken(TransitionResult result)
    {
        if (result is not Transition transition)
        {
            return result;
        }

        var token = NewToken();
        return transition with
        {
            Trip = transition.Trip is null ? null : transition.Trip with { Token = token },
            Plans = [.. transition.Plans.Select(p => p with { Token = token })],
        };
    }

    // Nodes' clocks differ a little: what follows on something is not recorded before it.
    private static DateTimeOffset NotBefore(Trip? trip, DateTimeOffset now) => trip?.Events[^1].RecordedAt is { } last && last > now ? last : now;

    private async Task<TripCommit> ToCommitAsync(string? tripId, Trip? trip, ImmutableArray<DriverPlan> plans, TransitionResult result, DateTimeOffset now)
    {
        var transition = result as Transition;
        var told = new List<(string DriverId, OutboxCommand Command)>();
        foreach (var command in transition?.Commands ?? [])
        {
            told.Add((command.DriverId, await wire.ToOutboxAsync(command)));
        }

        // Who is blamed for an offer has had it.
        var blamed = transition?.Trip?.Events[^1] is { Kind: TripEventKind.OfferTimedOut, DriverId: { } late } ? trip?.OfferTo(late) : null;
        return new TripCommit(
            now, tripId, trip, transition?.Trip,
            [
                .. plans.Select(plan => new PlanCommit(
                    plan,
                    transition?.Plans.FirstOrDefault(p => p.DriverId == plan.DriverId),
                    [.. told.Where(t => t.DriverId == plan.DriverId).Select(t => t.Command)])
                {
                    MustHaveHad = blamed?.DriverId == plan.DriverId ? CommandWire.OfferField(blamed.Id) : null,
                }),
            ])
        {
            Retention = options.Value.Retention,
        };
    }

    private async Task<CommitReply> CommitAsync(TripCommit commit)
    {
        using var step = TripTrace.BeginCommit("trip-commit");
        try
        {
            return await store.CommitAsync(commit);
        }
        catch (Exception e) when (StoreFailure.Of(e) is not null)
        {
            step?.Failed(e);
            Doubt(commit);
            throw;
        }
    }

    private void Doubt(TripCommit commit)
    {
        if (_isAllDoubted)
        {
            return;
        }

        if (_doubted.Count >= MaxDoubts)
        {
            _isAllDoubted = true;
            _doubted.Clear();
            return;
        }

        _doubted.AddOrUpdate(
            commit.TripId ?? "",
            _ => [.. commit.Plans.Select(p => p.DriverId)],
            (_, doubted) => [.. doubted.Union(commit.Plans.Select(p => p.DriverId), StringComparer.Ordinal)]);
    }

    private void TakeIn(Trip? before, TransitionResult result, TripCommit commit, Committed committed)
    {
        if (result is not Transition transition)
        {
            return;
        }

        book.Apply(transition.Trip, transition.Plans);
        if (transition.Trip is not null)
        {
            metrics.Committed(before, transition.Trip);
        }

        for (var i = 0; i < commit.Plans.Length; i++)
        {
            if (!commit.Plans[i].Commands.IsEmpty)
            {
                outbox.Added(commit.Plans[i].DriverId, committed.Waiting[i], commit.Now);
            }
        }

        WantMatchingAfter(transition.Trip, transition.Plans);
    }

    /// <summary>A node has committed a trip or a plan, perhaps this one.</summary>
    internal void Hear(Trip? trip, ImmutableArray<DriverPlan> plans)
    {
        if (book.Apply(trip, plans))
        {
            WantMatchingAfter(trip, plans);
        }
    }

    private void WantMatchingAfter(Trip? trip, ImmutableArray<DriverPlan> plans)
    {
        if (trip is { State: TripState.Searching, Offers.IsEmpty: true } || plans.Any(p => p.Work == DriverWork.Idle))
        {
            MatchingWanted.Set();
        }
    }
}
