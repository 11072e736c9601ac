using System.Text.Json;
using Microsoft.Playwright;

namespace RideTracking.Browser.Tests;

/// <summary>The map page in a browser, and what it says about itself.</summary>
internal sealed class FleetPage
{
    private static readonly string? PictureFolder = Environment.GetEnvironmentVariable("SCREENSHOTS");

    private readonly IPage _page;

    private FleetPage(IPage page)
    {
        _page = page;
        page.PageError += (_, error) => Errors.Add(error);
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
            {
                Errors.Add(message.Text);
            }
        };
        page.Request += (_, request) => Requests.Add(new Uri(request.Url));
    }

    /// <summary>Whether SCREENSHOTS names a folder for pictures.</summary>
    public static bool KeepsPictures => !string.IsNullOrEmpty(PictureFolder);

    /// <summary>Exceptions of the page and errors of its console.</summary>
    public List<string> Errors { get; } = [];

    /// <summary>All that the page asked for, from anywhere.</summary>
    public List<Uri> Requests { get; } = [];

    public IPage Page => _page;

    /// <summary>Of one driver.</summary>
    public ILocator Panel => _page.Locator(".panel.driver");

    /// <summary>Of the drivers nearest to a clicked place.</summary>
    public ILocator NearestPanel => _page.Locator(".panel.nearest");

    public static async Task<FleetPage> OpenAsync(Browser browser, Uri address, string place = "#13/41.15/-8.61", Func<IPage, Task>? before = null)
    {
        var page = new FleetPage(await browser.OpenPageAsync());
        await (before?.Invoke(page._page) ?? Task.CompletedTask);
        await page._page.GotoAsync(new Uri(address, place).ToString());
        return page;
    }

    /// <summary>Waits until an expression over <c>ride</c>, the page's debug state, is true.</summary>
    public Task UntilAsync(string expression) =>
        _page.WaitForFunctionAsync($"() => {{ const ride = window.rideTracking; return ride && ({expression}); }}", null, new() { Timeout = 60_000 });

    public Task<T> AskAsync<T>(string expression) =>
        _page.EvaluateAsync<T>($"() => {{ const ride = window.rideTracking; return {expression}; }}");

    /// <summary>Where a car is on the screen.</summary>
    public async Task<(float X, float Y)> PositionOfAsync(string driverId)
    {
        var position = await AskAsync<JsonElement>($"ride.screenPositionOf('{driverId}')");
        return (position.GetProperty("x").GetSingle(), position.GetProperty("y").GetSingle());
    }

    /// <summary>Where a place is on the screen.</summary>
    public async Task<(float X, float Y)> ProjectAsync(double latitude, double longitude)
    {
        var position = await AskAsync<JsonElement>(FormattableString.Invariant($"ride.project({longitude}, {latitude})"));
        return (position.GetProperty("x").GetSingle(), position.GetProperty("y").GetSingle());
    }

    public async Task ClickCarAsync(string driverId)
    {
        var (x, y) = await PositionOfAsync(driverId);
        await _page.Mouse.ClickAsync(x, y);
    }

    /// <summary>How many pixels around a point of the screen have a colour, within a small tolerance.</summary>
    public async Task<int> PixelsOfColorAsync(float x, float y, string color, int radius = 20)
    {
        var picture = await _page.ScreenshotAsync(new() { Clip = new() { X = x - radius, Y = y - radius, Width = 2 * radius, Height = 2 * radius } });
        return await _page.EvaluateAsync<int>(
            """
            async ([picture, color]) => {
              const image = new Image();
              image.src = `data:image/png;base64,${picture}`;
              await image.decode();
              const canvas = new OffscreenCanvas(image.width, image.height);
              const context = canvas.getContext("2d");
              context.drawImage(image, 0, 0);
              const wanted = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
              const { data } = context.getImageData(0, 0, image.width, image.height);
              let count = 0;
              for (let at = 0; at < data.length; at += 4) {
                if (wanted.every((channel, index) => Math.abs(data[at + index] - channel) <= 12)) count++;
              }
              return count;
            }
            """,
            new object[] { Convert.ToBase64String(picture), color });
    }

    /// <summary>Keeps a picture for people, where they asked for some.</summary>
    public async Task KeepPictureAsync(string name)
    {
        if (KeepsPictures)
        {
            await _page.ScreenshotAsync(new() { Path = Path.Combine(PictureFolder!, name + ".png") });
        }
    }
}
