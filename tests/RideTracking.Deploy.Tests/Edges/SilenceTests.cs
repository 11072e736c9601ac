using System.Text.RegularExpressions;
using Grpc.Core;
using Grpc.Net.Client;
using RideTracking.Server.Access;
using RideTracking.V1;

namespace RideTracking.Deploy.Tests.Edges;

/// <summary>Streams on which nothing is said for a long time.</summary>
[Collection(nameof(TwoNodes))]
public sealed partial class SilenceTests(TwoNodes nodes)
{
    private static readonly TimeSpan BeyondShort = TimeSpan.FromSeconds(4);

    // Above the defaults of both, a minute.
    private static readonly TimeSpan BeyondDefaults = TimeSpan.FromSeconds(150);

    /// <summary>All time-outs but those of a stream are two seconds in the copy: it is none of them that cuts a silent stream.</summary>
    [Theory, InlineData("haproxy"), InlineData("nginx")]
    public Task No_other_time_out_cuts_a_silent_stream(string kind) => HoldAsync(kind, BeyondShort, text => OtherTimes().Replace(text, "${name} 2s"));

    /// <summary>With these at two seconds it is cut: it is they that keep it.</summary>
    [Theory, InlineData("haproxy"), InlineData("nginx")]
    public async Task The_time_outs_of_a_stream_are_what_keeps_a_silent_one(string kind)
    {
        await using var edge = await Edge.StartAsync(kind, nodes, text => text.Replace("25h", "2s", StringComparison.Ordinal));
        using var matcher = Matcher(edge.Channel());

        var cut = await Assert.ThrowsAsync<RpcException>(() => matcher.ResponseStream.MoveNext(TestContext.Current.CancellationToken));

        Assert.True(cut.StatusCode is StatusCode.Unavailable or StatusCode.Internal or StatusCode.Cancelled, $"{cut.Status}");
    }

    /// <summary>The very file, past what both cut at unless they are told. Takes minutes: run with <c>-explicit only</c>.</summary>
    [Theory(Explicit = true), InlineData("haproxy"), InlineData("nginx")]
    public Task A_stream_that_is_silent_for_minutes_stays(string kind) => HoldAsync(kind, BeyondDefaults, null);

    // The company's matcher: asked for nothing, it hears nothing, and says nothing. Watches tell each 20 s that they live.
    private async Task HoldAsync(string kind, TimeSpan silence, Func<string, string>? change)
    {
        var ct = TestContext.Current.CancellationToken;
        await using var edge = await Edge.StartAsync(kind, nodes, change);
        using var matcher = Matcher(edge.Channel());
        var asked = matcher.ResponseStream.MoveNext(ct);
        // And what pages hold open.
        using var watch = new FleetService.FleetServiceClient(edge.WebChannel()).WatchZoneEvents(new WatchZoneEventsRequest(), nodes.HeadersOf(Role.Service, "backend"), cancellationToken: ct);
        var told = watch.ResponseStream.MoveNext(ct);

        await Until.PassedAsync(silence);

        Assert.False(asked.IsCompleted, $"{asked.Exception?.InnerException?.Message}");
        Assert.False(told.IsFaulted, $"{told.Exception?.InnerException?.Message}");
        // And it still carries, up and down: its end is answered with OK.
        await matcher.RequestStream.CompleteAsync();
        Assert.False(await asked);
    }

    private AsyncDuplexStreamingCall<ServeMatchingRequest, ServeMatchingResponse> Matcher(GrpcChannel channel) =>
        new DispatchService.DispatchServiceClient(channel).ServeMatching(nodes.HeadersOf(Role.Service, "backend"), cancellationToken: TestContext.Current.CancellationToken);

    // `timeout connect 3s`, `keepalive_timeout 60s;` and the like, whatever the file has beside the long ones.
    [GeneratedRegex(@"(?<name>\b(timeout [a-z-]+|[a-z_]+_timeout|keepalive_time)) \d+s\b")]
    private static partial Regex OtherTimes();
}
