using Microsoft.Extensions.Options;
using RideTracking.Engine.Dispatch;
using RideTracking.Engine.Roads;
using RideTracking.Server.Hosting;

namespace RideTracking.Server.Trips;

/// <summary>How trips are matched and how long their parts may take.</summary>
public sealed class TripOptions
{
    /// <summary>How long a driver may think about an offer: 1 s to 5 min.</summary>
    public TimeSpan OfferWindow { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a driver is looked for: from <see cref="OfferWindow"/> to 1 h.</summary>
    public TimeSpan SearchTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How many drivers are asked at the same time; the first to accept has the trip: 1 to 10.</summary>
    public int OffersAtOnce { get; set; } = 1;

    /// <summary>How long before a scheduled pick-up a driver is looked for: 1 min to 6 h.</summary>
    public TimeSpan ScheduledLead { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>
    /// How long who declines or ignores an offer is asked for nothing, 0 to 1 h; it doubles with each in a row, up to
    /// <see cref="MaxCoolDown"/>.
    /// </summary>
    public TimeSpan CoolDown { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest <see cref="CoolDown"/>: from that to 24 h.</summary>
    public TimeSpan MaxCoolDown { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a driver waits at a pick-up before the rider counts as not there: 0 to 1 h.</summary>
    public TimeSpan NoShowWait { get; set; } = TimeSpan.FromMinutes(3);

    /// <summary>How long a driver may not be heard of before the trip goes to another, or is flagged with the rider in the car: 10 s to 1 h.</summary>
    public TimeSpan LostDriverTimeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>Whether a driver with a rider in the car may be given the next trip.</summary>
    public bool BackToBack { get; set; } = true;

    /// <summary>Shared trips that a driver may have at a time; 1: none are shared. At most 6.</summary>
    public int MaxSharedTrips { get; set; } = 3;

    /// <summary>How much longer than alone a shared ride may take, as a share of it: 0 to 3.</summary>
    public double MaxDetourShare { get; set; } = 0.5;

    /// <summary>Or so much longer, if that is more: 0 to 1 h.</summary>
    public TimeSpan MaxDetour { get; set; } = TimeSpan.FromMinutes(6);

    /// <summary>How much later than promised a shared car may pick somebody up: 0 to 1 h.</summary>
    public TimeSpan MaxPickupDelay { get; set; } = TimeSpan.FromMinutes(4);

    /// <summary>How long a trip may last from its assignment, then the system ends it: 1 min to 7 d.</summary>
    public TimeSpan MaxDuration { get; set; } = TimeSpan.FromHours(6);

    /// <summary>How long a final trip can be looked at: 1 d (as long as its request id) to 10 years.</summary>
    public TimeSpan Retention { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How far from the pick-up a driver may be, in metres: 100 to 100,000.</summary>
    public double SearchRadiusMeters { get; set; } = 5_000;

    /// <summary>A driver whose position is older than this is not asked: 1 s to 1 h.</summary>
    public TimeSpan MaxFixAge { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>Average speed over a straight line, in m/s, for routes without roads: 1 to 50.</summary>
    public double CitySpeedMetersPerSecond { get; set; } = 7;

    /// <summary>How often deadlines are looked at: 50 ms to 10 s.</summary>
    public TimeSpan TickInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Commands that may wait for a driver before it gets no more offers: 8 to 10,000.</summary>
    public int MaxWaitingCommands { get; set; } = 100;

    /// <summary>Trip events that are kept for watchers who come back, unless <see cref="Retention"/> ends first: 1,000 to 10,000,000.</summary>
    public int EventsKept { get; set; } = 200_000;

    /// <summary>Streams of <c>WatchTripEvents</c> that may be open: 1 to 10,000.</summary>
    public int MaxEventWatchers { get; set; } = 100;

    /// <summary>What the transitions are told.</summary>
    internal TripRules ToRules(IRouteFinder router) => new(router)
    {
        OfferWindow = OfferWindow,
        OffersAtOnce = OffersAtOnce,
        SearchTimeout = SearchTimeout,
        ScheduledLead = ScheduledLead,
        CoolDown = CoolDown,
        MaxCoolDown = MaxCoolDown,
        NoShowWait = NoShowWait,
        BackToBack = BackToBack,
        MaxSharedTrips = MaxSharedTrips,
        MaxDetourShare = MaxDetourShare,
        MaxDetour = MaxDetour,
        MaxPickupDelay = MaxPickupDelay,
        MaxDuration = MaxDuration,
    };
}

/// <summary>Says at start what is wrong with <see cref="TripOptions"/> and how to mend it.</summary>
internal sealed class TripOptionsValidator : IValidateOptions<TripOptions>
{
    public ValidateOptionsResult Validate(string? name, TripOptions options)
    {
        var check = new OptionsCheck("Trips");
        check.Within("OfferWindow", options.OfferWindow, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5));
        check.Within("SearchTimeout", options.SearchTimeout, options.OfferWindow, TimeSpan.FromHours(1));
        check.Within("OffersAtOnce", options.OffersAtOnce, 1, 10);
        check.Within("ScheduledLead", options.ScheduledLead, TimeSpan.FromMinutes(1), TimeSpan.FromHours(6));
        check.Within("CoolDown", options.CoolDown, TimeSpan.Zero, TimeSpan.FromHours(1));
        check.Within("MaxCoolDown", options.MaxCoolDown, options.CoolDown, TimeSpan.FromDays(1));
        check.Within("NoShowWait", options.NoShowWait, TimeSpan.Zero, TimeSpan.FromHours(1));
        check.Within("LostDriverTimeout", options.LostDriverTimeout, TimeSpan.FromSeconds(10), TimeSpan.FromHours(1));
        check.Within("MaxSharedTrips", options.MaxSharedTrips, 1, 6);
        check.Within("MaxDetourShare", options.MaxDetourShare, 0, 3);
        check.Within("MaxDetour", options.MaxDetour, TimeSpan.Zero, TimeSpan.FromHours(1));
        check.Within("MaxPickupDelay", options.MaxPickupDelay, TimeSpan.Zero, TimeSpan.FromHours(1));
        check.Within("MaxDuration", options.MaxDuration, TimeSpan.FromMinutes(1), TimeSpan.FromDays(7));
        check.Within("Retention", options.Retention, TimeSpan.FromDays(1), TimeSpan.FromDays(3650));
        check.Within("MaxFixAge", options.MaxFixAge, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
        check.Within("TickInterval", options.TickInterval, TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(10));
        check.Within("SearchRadiusMeters", options.SearchRadiusMeters, 100, 100_000);
        check.Within("CitySpeedMetersPerSecond", options.CitySpeedMetersPerSecond, 1, 50);
        check.Within("MaxWaitingCommands", options.MaxWaitingCommands, 8, 10_000);
        check.Within("EventsKept", options.EventsKept, 1_000, 10_000_000);
        check.Within("MaxEventWatchers", options.MaxEventWatchers, 1, 10_000);
        return check.Result;
    }
}
