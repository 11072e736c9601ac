using Microsoft.Extensions.Options;

namespace RideTracking.Server.Hosting;

/// <summary>Checks all settings before anything is made of them, so that every mistake is told, and told plainly.</summary>
public static class StartupOptions
{
    /// <exception cref="OptionsValidationException">Each failure says what is wrong and how to mend it.</exception>
    public static WebApplication RequireValidOptions(this WebApplication app)
    {
        try
        {
            app.Services.GetRequiredService<IStartupValidator>().Validate();
        }
        catch (AggregateException several)
        {
            // What several features look at is told once.
            throw new OptionsValidationException(
                "", typeof(StartupOptions), several.InnerExceptions.OfType<OptionsValidationException>().SelectMany(one => one.Failures).Distinct(StringComparer.Ordinal));
        }

        return app;
    }
}
