using Grpc.Core;
using Microsoft.Extensions.Options;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;
using RideTracking.Server.Protocol;
using RideTracking.Server.Store.Feeds;

namespace RideTracking.Server.Sharing;

/// <summary>
/// Who watches by a link on this node, so that revoking it ends them: at once when it is revoked here, when the feed tells it where
/// another node did, within a second when the store has it no more. Thread-safe.
/// </summary>
internal sealed class ShareWatches(
    Area area, ShareLinks links, IOptions<SharingOptions> options, SharingMetrics metrics)
    : LoopService(area.MachineLoop("share_watches"), EverySecond)
{
    private const string TooManyOfLink = "TOO_MANY_WATCHES_OF_LINK";

    // What one round trip asks for.
    private const int Page = 500;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, List<Watch>> _byLink = new(StringComparer.Ordinal);
    private readonly StreamLimit _all = new("TOO_MANY_WATCHES", options.Value.MaxWatches, "watches of shared trips may be open", "Sharing:MaxWatches", metrics.Refused);

    /// <summary>Takes a place until it is disposed.</summary>
    /// <exception cref="RpcException">RESOURCE_EXHAUSTED: all places are taken, or all of the link's.</exception>
    public Watch Enter(ShareToken token)
    {
        var watch = new Watch(this, token, _all.Enter());
        lock (_lock)
        {
            if (!_byLink.TryGetValue(token.LinkId, out var watches))
            {
                _byLink.Add(token.LinkId, watches = []);
            }

            if (watches.Count < options.Value.MaxWatchesPerLink)
            {
                watches.Add(watch);
                return watch;
            }
        }

        watch.Dispose();
        metrics.Refused(TooManyOfLink);
        throw Refusal.Limit(
            TooManyOfLink, options.Value.MaxWatchesPerLink, "watches of shared trips may be open by one link", "Sharing:MaxWatchesPerLink").ToRpcException();
    }

    /// <summary>Ends those who watch by a link.</summary>
    public Task EndAsync(string linkId) => Task.WhenAll(WatchesOf(linkId).Select(watch => watch.EndAsync()));

    /// <summary>Ends those who watch by one secret of a link.</summary>
    public Task EndAsync(ShareToken token) => Task.WhenAll(WatchesOf(token.LinkId).Where(w => w.Token == token).Select(watch => watch.EndAsync()));

    /// <summary>Some node has made, changed or ended a link.</summary>
    internal void Hear(FeedChange change)
    {
        foreach (var watch in WatchesOf(change.Text(0)).Where(w => !ShareLinks.Lets(change.Text(1), w.Token)))
        {
            // What it ends runs elsewhere: whoever applies a feed does not wait.
            _ = watch.EndAsync();
        }
    }

    /// <inheritdoc/>
    protected override async Task LookAsync(CancellationToken stopping)
    {
        ShareToken[] watched;
        lock (_lock)
        {
            watched = [.. _byLink.Values.SelectMany(watches => watches).Select(watch => watch.Token).Distinct()];
        }

        // While the store is away it is not known who may watch; what was so stays so until it is.
        foreach (var page in watched.Chunk(Page))
        {
            foreach (var ended in await links.EndedAsync(page))
            {
                await Loop.TryAsync(ended.LinkId, () => EndAsync(ended), stopping);
            }
        }
    }

    private Watch[] WatchesOf(string linkId)
    {
        lock (_lock)
        {
            return _byLink.TryGetValue(linkId, out var watches) ? [.. watches] : [];
        }
    }

    private void Leave(Watch watch)
    {
        lock (_lock)
        {
            if (_byLink.TryGetValue(watch.Token.LinkId, out var watches) && watches.Remove(watch) && watches.Count == 0)
            {
                _byLink.Remove(watch.Token.LinkId);
            }
        }
    }

    /// <summary>One who watches.</summary>
    internal sealed class Watch(ShareWatches all, ShareToken token, IDisposable place) : IDisposable
    {
        private readonly CancellationTokenSource _ended = new();

        public ShareToken Token => token;

        /// <summary>Cancelled when the link is revoked.</summary>
        public CancellationToken Ended => _ended.Token;

        public Task EndAsync() => _ended.CancelAsync();

        // Not disposed with it: whoever ends the link may have it in hand, and without a timer there is nothing to give back.
        public void Dispose()
        {
            all.Leave(this);
            place.Dispose();
        }
    }
}
