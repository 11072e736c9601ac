using System.Globalization;
using RideTracking.Engine.Ingest;
using RideTracking.Engine.Zones;
using RideTracking.Server.Access;
using RideTracking.Server.Api.Fleet;
using RideTracking.Server.Areas;
using RideTracking.Server.Drivers;
using RideTracking.Server.Drivers.Reporting;
using RideTracking.Server.Hosting;
using RideTracking.Server.Incidents;
using RideTracking.Server.Log;
using RideTracking.Server.Matching;
using RideTracking.Server.Nearby;
using RideTracking.Server.Roads;
using RideTracking.Server.Sharing;
using RideTracking.Server.Store;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.Server.Trips;
using RideTracking.Server.Zones;

namespace RideTracking.Server.Tests.Hosting;

/// <summary>The operations guide is what people set the server up by: it names every setting with its true default.</summary>
public sealed class SettingsGuideTests
{
    private static readonly (string Key, object Value)[] Sections =
    [
        ("Access", new AccessOptions()),
        ("Fleet", new FleetOptions()),
        ("Fleet", new DashboardOptions()),
        ("Gate", new GateLimits()),
        ("Incidents", new IncidentOptions()),
        ("Listen", new ListenOptions()),
        ("Listen:Tls", new TlsOptions()),
        ("Log", new LogOptions()),
        ("Matching", new MatchingOptions()),
        ("Nearby", new NearbyOptions()),
        ("Sharing", new SharingOptions()),
        ("Reporting", new ReportingOptions()),
        ("Reporting", new BusyPlacesOptions()),
        ("Reporting:Rare", new ReportingOptions().Rare),
        ("Reporting:Seldom", new ReportingOptions().Seldom),
        ("Reporting:Normal", new ReportingOptions().Normal),
        ("Reporting:Close", new ReportingOptions().Close),
        ("Store", new StoreOptions()),
        ("Store", new DataOptions()),
        ("Store", new AreaOptions()),
        ("Streams", new StreamOptions()),
        ("Trips", new TripOptions()),
        ("Roads", new RoadOptions()),
        ("Zones", new ZoneOptions()),
        ("Zones:Limits", new ZoneLimits()),
        ("Zones:Queue", new ZoneQueueLimits()),
        ("Zones:Tracker", new ZoneTrackerLimits()),
    ];

    [Fact]
    public async Task Every_setting_is_told_with_its_default_and_no_other()
    {
        var made = Sections.SelectMany(section => section.Value.GetType().GetProperties().Where(property => property.CanWrite)
            .Select(property => $"| `{section.Key}:{property.Name}` |{Shown(property.GetValue(section.Value))} |"));
        var guide = await File.ReadAllLinesAsync(Repository.PathOf("docs/operations.md"), TestContext.Current.CancellationToken);
        var told = guide.SkipWhile(line => line != "## Settings").Where(line => line.StartsWith("| `", StringComparison.Ordinal))
            .Select(line => string.Join('|', line.Split('|')[..3]) + "|");
        Assert.Equal(made.Order(), told.Order());
    }

    [Fact]
    public void Every_class_of_options_is_among_the_sections() =>
        Assert.Empty(typeof(RideTrackingServer).Assembly.GetTypes()
            .Where(type => type.Name.EndsWith("Options", StringComparison.Ordinal) && !type.IsAbstract)
            .Except(Sections.Select(section => section.Value.GetType())));

    private static string Shown(object? value) => value switch
    {
        null or "" => "",
        false => " `false`",
        true => " `true`",
        TimeSpan { Milliseconds: > 0 } time => $" `{time.ToString("c", CultureInfo.InvariantCulture).TrimEnd('0')}`",
        _ => $" `{Convert.ToString(value, CultureInfo.InvariantCulture)}`",
    };
}
