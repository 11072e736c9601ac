using Microsoft.Extensions.Options;

namespace RideTracking.Server.Hosting;

/// <summary>Checks all settings before anything is made of them, so that every mistake is told, and told plainly.</summary>
public static class StartupOptions
{
    /// <param name="app">The server.</param>
    /// <param name="further">What checks settings besides the process's own, such as those of the areas.</param>
    /// <exception cref="OptionsValidationException">Each failure says what is wrong and how to mend it.</exception>
    public static WebApplication RequireValidOptions(this WebApplication app, params ReadOnlySpan<Action<IServiceProvider>> further)
    {
        List<string> failures = [];
        foreach (var check in (ReadOnlySpan<Action<IServiceProvider>>)[services => services.GetRequiredService<IStartupValidator>().Validate(), .. further])
        {
            try
            {
                check(app.Services);
            }
            catch (AggregateException several)
            {
                failures.AddRange(several.InnerExceptions.OfType<OptionsValidationException>().SelectMany(one => one.Failures));
            }
            catch (OptionsValidationException one)
            {
                failures.AddRange(one.Failures);
            }
        }

        // What several features look at is told once.
        return failures.Count == 0 ? app : throw new OptionsValidationException("", typeof(StartupOptions), failures.Distinct(StringComparer.Ordinal));
    }
}
