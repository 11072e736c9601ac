using System.Net;
using RideTracking.Server.Hosting;

namespace RideTracking.Server;

/// <summary>The verb <c>health</c> of the server program: asks the running server whether it lives, for containers without curl.</summary>
internal static class HealthCommand
{
    public static async Task<int> RunAsync(string[] options)
    {
        var listen = RideTrackingServer.Prepare(options).Configuration.GetSection("Listen").Get<ListenOptions>() ?? new ListenOptions();
        var address = IPAddress.TryParse(listen.ManagementAddress.Length > 0 ? listen.ManagementAddress : listen.Address, out var bound) && !bound.Equals(IPAddress.Any) && !bound.Equals(IPAddress.IPv6Any)
            ? bound
            : IPAddress.Loopback;
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(3) };
        var url = new UriBuilder(Uri.UriSchemeHttp, address.ToString(), listen.ManagementPort, "/livez").Uri;
        try
        {
            using var answer = await http.GetAsync(url);
            Console.WriteLine($"{url}: {(int)answer.StatusCode}");
            return answer.IsSuccessStatusCode ? 0 : 1;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            Console.Error.WriteLine($"{url}: {e.Message}");
            return 1;
        }
    }
}
