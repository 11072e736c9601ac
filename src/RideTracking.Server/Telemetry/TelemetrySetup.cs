using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging.Console;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using RideTracking.Server.Hosting;

namespace RideTracking.Server.Telemetry;

/// <summary>Metrics, traces and logs.</summary>
public static class TelemetrySetup
{
    /// <summary>Where OpenTelemetry is told to push to; its standard name.</summary>
    private const string OtlpEndpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>Adds the metrics; traces, where they are pushed to somebody; and logs to the console: JSON in production, readable in development.</summary>
    public static WebApplicationBuilder AddTelemetry(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<ObservedInstruments>();
        builder.Services.AddOpenTelemetry().ConfigureResource(resource => resource.AddService("ride-tracking")).WithMetrics(metrics =>
        {
            metrics
                .AddMeter(Metering.MeterName)
                .AddMeter("System.Runtime")
                .AddMeter("Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "Grpc.AspNetCore.Server")
                .AddPrometheusExporter(prometheus => prometheus.ScrapeResponseCacheDurationMilliseconds = 0);
            if (!string.IsNullOrEmpty(builder.Configuration[OtlpEndpoint]))
            {
                metrics.AddOtlpExporter();
            }
        });
        if (!string.IsNullOrEmpty(builder.Configuration[OtlpEndpoint]))
        {
            builder.Services.AddOpenTelemetry().WithTracing(traces => traces.AddSource(TripTrace.SourceName, "Microsoft.AspNetCore").AddOtlpExporter());
        }

        // It tells each failure twice: that of a start is explained by who started it, that of a background service follows as critical.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        builder.Services.Configure<ConsoleLoggerOptions>(console =>
            console.FormatterName ??= builder.Environment.IsDevelopment() ? ConsoleFormatterNames.Simple : ConsoleFormatterNames.Json);
        builder.Services.Configure<SimpleConsoleFormatterOptions>(simple =>
        {
            simple.SingleLine = true;
            simple.TimestampFormat ??= "HH:mm:ss ";
        });
        builder.Services.Configure<JsonConsoleFormatterOptions>(json =>
        {
            json.TimestampFormat ??= "O";
            json.UseUtcTimestamp = true;
            json.IncludeScopes = true;
        });
        return builder;
    }

    /// <summary>Serves <c>/metrics</c> for Prometheus, on the management port.</summary>
    public static WebApplication MapTelemetry(this WebApplication app)
    {
        app.MapPrometheusScrapingEndpoint().OnManagementPort();
        if (app.Services.GetService<TlsCertificates>() is { } certificates)
        {
            app.Services.GetRequiredService<IMeterFactory>().Create(Metering.MeterName).CreateObservableGauge(
                "ridetracking.tls.certificate.remaining", () => certificates.Remaining.TotalSeconds, "s", "Until the certificate ends that new connections are opened with; below 0 it has.");
        }

        return app;
    }
}
