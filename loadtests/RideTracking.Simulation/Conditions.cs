using RideTracking.Server.Trips;
using RideTracking.Simulation.Store;
using RideTracking.Simulation.Time;

namespace RideTracking.Simulation;

/// <summary>How a run's city is: chosen by its seed, so that calm and stormy days, small and crowded cities all come up.</summary>
internal sealed class Conditions
{
    private static readonly TimeSpan Never = TimeSpan.FromDays(365);

    public Conditions(Chance chance, double hours)
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
        ClockError = chance.Of(0.5) ? chance.Milliseconds(0, 500) : TimeSpan.Zero;
        OfferWindow = chance.Seconds(8, 20);
        SearchTimeout = chance.Seconds(40, 240);
        MaxWaitingCommands = chance.Of(0.2) ? 8 : 100;
        LostMessages = chance.Of(0.7) ? chance.Number(0, 1) : 0;
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

    /// <summary>Nodes' clocks are this much wrong at most, in either direction.</summary>
    public TimeSpan ClockError { get; }

    /// <summary>Share of what the store publishes that a node does not hear.</summary>
    public double LostMessages { get; }

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

    private static TimeSpan Sometimes(Chance chance, double least, double most) =>
        chance.Of(0.6) ? chance.Seconds(least, most) : Never;
}
