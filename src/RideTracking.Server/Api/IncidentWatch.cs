using Grpc.Core;
using Microsoft.Extensions.Options;
using RideTracking.Server.Directories;
using RideTracking.Server.Hosting;
using RideTracking.Server.Incidents;
using RideTracking.Server.Protocol;
using RideTracking.Server.Store;
using RideTracking.Server.Store.Events;

namespace RideTracking.Server.Api;

/// <summary>Incidents as ops see them: live, and in pages. Names come from the directory as it is now.</summary>
internal sealed class IncidentWatch(
    IncidentStore incidents, EventLog<V1.Incident> events, CompanyDirectory directory, ServerClock clock, IOptions<IncidentOptions> options)
{
    private const int MaxPageSize = 200;
    private const int DefaultPageSize = 50;
    private const int MaxTokenLength = 128;

    private readonly EventWatch<V1.Incident> _watch = new(events, clock, (options.Value.MaxWatchers, "Incidents:MaxWatchers"));

    /// <summary>Tells all that are open, then each change.</summary>
    /// <exception cref="RpcException">OUT_OF_RANGE for who reads too slowly, or when the store has forgotten changes: begin anew; RESOURCE_EXHAUSTED.</exception>
    public Task RunAsync(IServerStreamWriter<V1.WatchIncidentsResponse> stream, CancellationToken cancellation)
    {
        var isBegun = false;
        return _watch.RunAsync(EventWatchBegin.Now, _ => true, TellAsync, cancellation);

        async Task TellAsync(IEnumerable<V1.Incident> changed, string cursor)
        {
            if (!isBegun)
            {
                // Where the changes stand is known by now: what is raised while these are read comes again.
                foreach (var some in (await incidents.ReadOpenAsync()).Chunk(MaxPageSize))
                {
                    await WriteAsync(some);
                }

                isBegun = true;
            }

            await WriteAsync(changed);
        }

        Task WriteAsync(IEnumerable<V1.Incident> some) =>
            stream.WriteAsync(new V1.WatchIncidentsResponse { Incidents = { some.Select(Told) }, SnapshotComplete = isBegun }, cancellation);
    }

    /// <summary>A page of open or closed ones.</summary>
    /// <exception cref="RpcException">INVALID_ARGUMENT that names the field.</exception>
    public async Task<V1.ListIncidentsResponse> PageAsync(V1.ListIncidentsRequest request)
    {
        TimedId? after = request.PageToken.Length <= MaxTokenLength ? TimedId.Parse(request.PageToken) : null;
        var check = new RequestCheck();
        check.Choice("state", request.State);
        var size = check.PageSize(request.PageSize, DefaultPageSize, MaxPageSize);
        check.Require(request.PageToken.Length == 0 || after is not null, "page_token", "must be the next_page_token of the page before, or empty");
        check.Pass();
        var (page, next) = await incidents.PageAsync(request.State, after, size);
        return new V1.ListIncidentsResponse { Incidents = { page.Select(Told) }, NextPageToken = next?.ToString() ?? "" };
    }

    /// <summary>The incident with the names of the directory.</summary>
    public V1.Incident Told(V1.Incident incident)
    {
        if (incident.Driver is { } driver)
        {
            incident.Driver = directory.TripDriverOf(driver.DriverId);
        }

        return incident;
    }
}
