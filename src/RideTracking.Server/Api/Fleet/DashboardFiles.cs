using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Options;

namespace RideTracking.Server.Api.Fleet;

/// <summary>Serves the built map page at <c>/</c> of the web port.</summary>
internal static partial class DashboardFiles
{
    /// <summary>Where the page is built to, seen from the repository's root.</summary>
    private const string BuiltFolder = "clients/dashboard/dist";

    public static void Map(WebApplication app)
    {
        var configured = app.Services.GetRequiredService<IOptions<DashboardOptions>>().Value.DashboardFolder;
        var folder = Path.GetFullPath(configured ?? BuiltFolder);
        if (!File.Exists(Path.Combine(folder, "index.html")))
        {
            LogNoPage(app.Logger, folder);
            return;
        }

        var files = new PhysicalFileProvider(folder);
        app.UseDefaultFiles(new DefaultFilesOptions { FileProvider = files });
        app.UseStaticFiles(new StaticFileOptions
        {
            FileProvider = files,
            OnPrepareResponse = static file =>
            {
                var headers = file.Context.Response.Headers;
                // The names of built files change with what they hold; only the page itself is asked for anew.
                headers.CacheControl = file.Context.Request.Path.StartsWithSegments("/assets") ? "public, max-age=31536000, immutable" : "no-cache";
                // Nothing of the page comes from elsewhere, so nothing else may.
                headers.ContentSecurityPolicy =
                    "default-src 'self'; img-src 'self' data: blob:; worker-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'";
                headers.XContentTypeOptions = "nosniff";
                headers["Referrer-Policy"] = "no-referrer";
            },
        });
    }

    [LoggerMessage(LogLevel.Information, "No map page: {Folder} holds no index.html. Build it with `npm ci && npm run build` in clients/dashboard, or set Fleet:DashboardFolder (--dashboard).")]
    private static partial void LogNoPage(ILogger logger, string folder);
}
