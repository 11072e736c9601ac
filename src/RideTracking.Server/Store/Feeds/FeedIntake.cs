namespace RideTracking.Server.Store.Feeds;

/// <summary>Applies what is heard of a feed as it comes.</summary>
internal sealed class FeedIntake(FeedReader reader) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => reader.Loop.WheneverAsync(reader.WaitAsync, reader.TakeInAsync, stoppingToken);
}
