using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(RideTracking.Browser.Tests.Browser))]

namespace RideTracking.Browser.Tests;

/// <summary>One Chromium for all tests; each test opens pages of its own.</summary>
public sealed class Browser : IAsyncLifetime
{
    private static readonly string[] Arguments = ["--no-sandbox", "--force-color-profile=srgb"];

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async ValueTask InitializeAsync()
    {
        var executable = new[] { Environment.GetEnvironmentVariable("CHROMIUM"), "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome" }
            .FirstOrDefault(File.Exists)
            ?? throw new InvalidOperationException("No Chromium: install the package chromium, or name the program in CHROMIUM.");
        // Long enough for a busy machine that draws without a graphics card; no test waits for it to pass.
        Assertions.SetDefaultExpectTimeout(60_000);
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = executable, Args = Arguments, Headless = true });
    }

    public async Task<IPage> OpenPageAsync() => await _browser!.NewPageAsync(new() { ViewportSize = new() { Width = 1440, Height = 900 } });

    /// <summary>Pages that share nothing with those of others, and may be told what to trust.</summary>
    public Task<IBrowserContext> OpenContextAsync(BrowserNewContextOptions options) => _browser!.NewContextAsync(options);

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
    }
}
