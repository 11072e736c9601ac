using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Exporter;
using RideTracking.Server.Telemetry;
using RideTracking.Server.Tests.Fixtures;

namespace RideTracking.Server.Tests.Telemetry;

// Alone: OpenTelemetry tells meters apart by name only, so servers of other tests in this process would count along, and
// take a shared metric away when they end.
[CollectionDefinition(nameof(MetricsTests), DisableParallelization = true)]
[Collection(nameof(MetricsTests))]
public sealed partial class MetricsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Prometheus_finds_what_a_driver_did()
    {
        // The exporter keeps an answer for a moment; the test looks twice within it.
        await using var server = await ServerHost.StartAsync(
            configure: builder => builder.Services.Configure<PrometheusAspNetCoreOptions>(exporter => exporter.ScrapeResponseCacheDurationMilliseconds = 0));
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        await using (var phone = await DriverPhone.ConnectAsync(server, "d1"))
        {
            var batch = DriverPhone.Batch(now, first: 1, count: 3);
            batch.Fixes[1].LatitudeE7 = int.MaxValue;
            await phone.SendAsync(batch);
            await phone.ReadAckAsync(through: 3);

            var during = await ScrapeAsync(server);
            Assert.Contains("""ridetracking_fixes_total{otel_scope_name="RideTracking",area="default",outcome="accepted"} 2""", during, StringComparison.Ordinal);
            Assert.Contains("""ridetracking_fixes_total{otel_scope_name="RideTracking",area="default",outcome="rejected",reason="invalid_coordinate"} 1""", during, StringComparison.Ordinal);
            Assert.Contains("""ridetracking_streams_open{otel_scope_name="RideTracking",area="default",stream="driver"} 1""", during, StringComparison.Ordinal);
            Assert.Contains("""ridetracking_log_fixes_total{otel_scope_name="RideTracking",area="default"} 2""", during, StringComparison.Ordinal);
            Assert.Contains("ridetracking_fixes_ack_delay_seconds_count{", during, StringComparison.Ordinal);
            Assert.Contains("dotnet_gc_collections_total{", during, StringComparison.Ordinal);
            Assert.Contains("kestrel_active_connections{", during, StringComparison.Ordinal);
            Assert.DoesNotContain("\"d1\"", during, StringComparison.Ordinal);

            await phone.Call.RequestStream.CompleteAsync();
            while (await phone.Call.ResponseStream.MoveNext(Cancel))
            {
                // Until the server has closed.
            }
        }

        var after = await ScrapeAsync(server);
        Assert.Contains("""ridetracking_streams_open{otel_scope_name="RideTracking",area="default",stream="driver"} 0""", after, StringComparison.Ordinal);
        Assert.Matches("""ridetracking_streams_closed_total\{otel_scope_name="RideTracking",area="default",reason="[a-z_]+",stream="driver"\} 1""", after);
    }

    [Fact]
    public async Task The_operations_guide_names_every_metric_and_no_other()
    {
        var made = new HashSet<string>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter.Name == Metering.MeterName)
            {
                lock (made)
                {
                    made.Add(instrument.Name);
                }
            }
        };
        listener.Start();
        using var forge = new CertificateForge();
        var (certificate, key) = forge.Write(forge.Sign("server"), "server");
        await using var server = await ServerHost.StartAsync(args: ["--Listen:Tls:CertificateFile", certificate, "--Listen:Tls:KeyFile", key]);
        foreach (var metrics in typeof(RideTrackingServer).Assembly.GetTypes().Where(type => type.Name.EndsWith("Metrics", StringComparison.Ordinal)))
        {
            // Made when first used; here all are.
            server.City.GetService(metrics);
        }

        var told = MetricRow().Matches(await File.ReadAllTextAsync(Repository.PathOf("docs/operations.md"), Cancel)).Select(row => row.Groups[1].Value);
        Assert.Equal(made.Order(), told.Order());
    }

    private static async Task<string> ScrapeAsync(ServerHost server)
    {
        using var http = new HttpClient { BaseAddress = server.ManagementAddress };
        return await http.GetStringAsync("/metrics", Cancel);
    }

    [GeneratedRegex(@"^\| `(ridetracking\.[a-z_.]+)` \|", RegexOptions.Multiline)]
    private static partial Regex MetricRow();
}
