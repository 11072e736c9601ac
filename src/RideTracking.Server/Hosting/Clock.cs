using System.Globalization;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace RideTracking.Server.Hosting;

/// <summary>Chooses the clock.</summary>
public static class Clock
{
    /// <summary>Key of the machine's clock; a test brings its own under it.</summary>
    public const string MachineClock = "machine-clock";

    /// <summary>Adds the <see cref="ServerClock"/> as the <see cref="TimeProvider"/>.</summary>
    /// <exception cref="StartException"><c>--time-start</c> or <c>--time-scale</c> outside development, or out of range.</exception>
    public static WebApplicationBuilder AddClock(this WebApplicationBuilder builder)
    {
        new SettingsSection("Time", typeof(Replay)).AddTo(builder.Services);
        var start = builder.Configuration["Time:Start"];
        var scale = builder.Configuration["Time:Scale"];
        if ((start ?? scale) is not null && !builder.Environment.IsDevelopment())
        {
            throw new StartException(
                "--time-start and --time-scale are for replays on a development server only. Remove them, or start with --environment Development.");
        }

        builder.Services.TryAddKeyedSingleton(MachineClock, TimeProvider.System);
        builder.Services.AddSingleton(services => new ServerClock(
            services.GetRequiredKeyedService<TimeProvider>(MachineClock), ParseStart(start), ParseScale(scale)));
        return builder;
    }

    private sealed record Replay(string Start, string Scale);

    private static DateTimeOffset? ParseStart(string? text) =>
        text is null ? null
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var start) ? start
        : throw new StartException($"--time-start must be a time such as 2013-07-01T00:00:00Z, not '{text}'.");

    private static double ParseScale(string? text) =>
        text is null ? 1
        : double.TryParse(text, CultureInfo.InvariantCulture, out var scale) && scale is >= 1 and <= 1000 ? scale
        : throw new StartException($"--time-scale must be 1 to 1000, not '{text}'.");
}
