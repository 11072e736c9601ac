using RideTracking.Server.Log;
using RideTracking.Server.Trips;
using RideTracking.Simulation.Store;
using RideTracking.Simulation.Time;

namespace RideTracking.Simulation;

/// <summary>How a run's city is: chosen by its seed, so that calm and stormy days, small and crowded cities all come up.</summary>
internal sealed class Conditions
{
    private static readonly TimeSpan Never = TimeSpan.FromDays(365);

    public Conditions(Chance chance, double hours, bool isEmbedded)
    {
        Day = TimeSpan.FromHours(hours);
        Nodes = chance.Number(1, 5);
        Drivers = chance.Number(2, 11);
        BetweenRequests = chance.Seconds(10, 60);
        Trouble = chance.Of(0.5) ? new StoreTrouble(chance.Number(0, 0.01), chance.Number(0, 0.02), chance.Number(0, 0.1)) : StoreTrouble.None;
        NodeDeaths = Sometimes(chance, 60, 600);
        NodeFreezes = Sometimes(chance, 60, 600);
        StoreOutages = Sometimes(chance, 200, 1200);
        StoreStalls = Sometimes(chance, 100, 900);
        DriverWhims = chance.Seconds(25, 400);
        RidersWhoCancel = chance.Number(0, 0.5);
        RidersWhoChange = chance.Number(0, 0.4);
        Interventions = chance.Of(0.5) ? chance.Number(0, 0.3) : 0;
        Blocks = Sometimes(chance, 100, 600);
        RouteChanges = Sometimes(chance, 10, 100);
        OffersAtOnce = chance.Of(0.4) ? chance.Number(2, 4) : 1;
        LostDriverTimeout = chance.Seconds(20, 90);
        Reordered = chance.Of(0.5) ? chance.Number(0, 0.2) : 0;
        Repeated = chance.Number(0, 0.2);
        Sleepers = chance.Of(0.5) ? 0.2 : 0;
        ClockError = chance.Of(0.8) ? chance.Seconds(0, 300) : TimeSpan.Zero;
        OfferWindow = chance.Seconds(8, 20);
        SearchTimeout = chance.Seconds(40, 240);
        MaxWaitingCommands = chance.Of(0.2) ? 8 : 100;
        LostMessages = chance.Of(0.7) ? chance.Number(0, 1) : 0;
        // The embedded store is for one node: others do not hear of what one decides, and cannot decide for it.
        EveryNodeHoldsAll = chance.Of(0.2) | isEmbedded;
        SubscriptionCuts = Sometimes(chance, 60, 400);
        ClockSteps = Sometimes(chance, 200, 900);
        Forgettings = chance.Of(0.4) ? chance.Seconds(40, 400) : Never;
        Forgettings = isEmbedded ? Never : Forgettings;
        Roaming = Sometimes(chance, 15, 120);
        SegmentLength = chance.Seconds(8, 40);
        CheckpointInterval = chance.Seconds(15, 60);
        MaxBatchFixes = chance.Of(0.3) ? chance.Number(1, 5) : 100;
        AckPace = new AckPace(chance.Number(1, 5), chance.Number(1, 4), chance.Seconds(2, 20));
    }

    public TimeSpan Day { get; }

    public int Nodes { get; }

    public int Drivers { get; }

    public TimeSpan BetweenRequests { get; }

    public StoreTrouble Trouble { get; }

    /// <summary>Mean time between deaths of any node.</summary>
    public TimeSpan NodeDeaths { get; }

    public TimeSpan NodeFreezes { get; }

    public TimeSpan StoreOutages { get; }

    public TimeSpan StoreStalls { get; }

    /// <summary>Mean time until a driver does something unforeseen.</summary>
    public TimeSpan DriverWhims { get; }

    public double RidersWhoCancel { get; }

    public double RidersWhoChange { get; }

    /// <summary>Share of trips that ops or the company give to somebody, or take away.</summary>
    public double Interventions { get; }

    /// <summary>Mean time until some driver is blocked for a while.</summary>
    public TimeSpan Blocks { get; }

    /// <summary>Mean time until some driver's way is to be found anew.</summary>
    public TimeSpan RouteChanges { get; }

    public double Reordered { get; }

    public double Repeated { get; }

    public double Sleepers { get; }

    /// <summary>The clocks of nodes' machines are this much wrong at most, in either direction.</summary>
    public TimeSpan ClockError { get; }

    /// <summary>Share of what the store publishes that a node does not hear.</summary>
    public double LostMessages { get; }

    /// <summary>Whether every node holds every lease: two holders, or five, do no harm.</summary>
    public bool EveryNodeHoldsAll { get; }

    /// <summary>Mean time until some node hears nothing of what is published for a while.</summary>
    public TimeSpan SubscriptionCuts { get; }

    /// <summary>Mean time until another server, with another clock, takes the store's place; it has all that the one before had.</summary>
    public TimeSpan ClockSteps { get; }

    /// <summary>Mean time until a server takes the store's place that lacks its last moments.</summary>
    public TimeSpan Forgettings { get; }

    /// <summary>Mean time until a driver's phone changes the network.</summary>
    public TimeSpan Roaming { get; }

    /// <summary>When fixes are acknowledged.</summary>
    public AckPace AckPace { get; }

    /// <summary>How often the holder of the area's work writes a checkpoint of the log.</summary>
    public TimeSpan CheckpointInterval { get; }

    private TimeSpan SegmentLength { get; }

    private int MaxBatchFixes { get; }

    private int OffersAtOnce { get; }

    private TimeSpan LostDriverTimeout { get; }

    private TimeSpan OfferWindow { get; }

    private TimeSpan SearchTimeout { get; }

    private int MaxWaitingCommands { get; }

    public void Trips(TripOptions options)
    {
        options.OfferWindow = OfferWindow;
        options.SearchTimeout = SearchTimeout;
        options.MaxDuration = TimeSpan.FromMinutes(8);
        options.OffersAtOnce = OffersAtOnce;
        options.LostDriverTimeout = LostDriverTimeout;
        options.ScheduledLead = TimeSpan.FromMinutes(3);
        options.CoolDown = TimeSpan.FromSeconds(5);
        options.MaxCoolDown = TimeSpan.FromSeconds(20);
        options.NoShowWait = TimeSpan.FromSeconds(30);
        options.MaxWaitingCommands = MaxWaitingCommands;
        options.SearchRadiusMeters = 20_000;
    }

    public void Log(LogOptions options)
    {
        options.SegmentLength = SegmentLength;
        options.Retention = TimeSpan.FromMinutes(1);
        options.MaxBatchFixes = MaxBatchFixes;
    }

    private static TimeSpan Sometimes(Chance chance, double least, double most) =>
        chance.Of(0.6) ? chance.Seconds(least, most) : Never;
}
