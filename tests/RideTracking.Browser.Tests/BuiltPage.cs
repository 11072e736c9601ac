using RideTracking.Server.Tests.Fixtures;

namespace RideTracking.Browser.Tests;

/// <summary>The built map page, from the working tree.</summary>
internal static class BuiltPage
{
    public static string Folder { get; } = Find();

    /// <summary>Starts a server that serves it.</summary>
    public static Task<ServerHost> ServeAsync(string? dataFolder = null, params string[] args) =>
        ServerHost.StartAsync(dataFolder: dataFolder, args: ["--dashboard", Folder, .. args]);

    private static string Find()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "ride-tracking.sln")))
        {
            root = root.Parent ?? throw new InvalidOperationException("The tests run outside the repository.");
        }

        var folder = Path.Combine(root.FullName, "clients", "dashboard", "dist");
        return File.Exists(Path.Combine(folder, "index.html"))
            ? folder
            : throw new InvalidOperationException($"The page is not built: run `npm ci && npm run build` in {Path.GetDirectoryName(folder)}.");
    }
}
