using System.Text;
using RideTracking.Server.Store.Events;
using RideTracking.Server.Store.Feeds;

namespace RideTracking.Simulation.Bugs;

/// <summary>What was not heard is not read either: the list's entries come without what has changed.</summary>
internal sealed class DeafFeed(IFeedSource source) : IFeedSource
{
    private static readonly byte[] Nothing = Encoding.ASCII.GetBytes("1 ");

    public Task<EventPosition> HeadAsync() => source.HeadAsync();

    public async Task<IReadOnlyList<EventEntry>> ReadAsync(ulong afterNumber) =>
        [.. (await source.ReadAsync(afterNumber)).Select(e => e with { Record = Nothing })];
}
