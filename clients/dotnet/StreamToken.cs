using Grpc.Core;

namespace RideTracking.Client;

/// <summary>The token of one stream: from the app when the stream is opened, and again on it before it expires.</summary>
internal sealed class StreamToken
{
    private static readonly TimeSpan _soonest = TimeSpan.FromSeconds(1);

    private readonly DriverConnection _connection;
    private readonly DriverStream _stream;
    private readonly Func<CancellationToken, ValueTask<string>> _source;
    private DateTimeOffset _serverTimeAtStart;
    private string? _refreshed;
    private TimeSpan _refreshAt = TimeSpan.MaxValue;

    private StreamToken(DriverConnection connection, DriverStream stream, Func<CancellationToken, ValueTask<string>> source, string value)
    {
        _connection = connection;
        _stream = stream;
        _source = source;
        Value = value;
    }

    public string Value { get; private set; }

    /// <summary>Completes when the app is not being asked; never fails.</summary>
    public Task Refreshing { get; private set; } = Task.CompletedTask;

    /// <summary>Null where the app has no tokens.</summary>
    /// <exception cref="RpcException">UNAVAILABLE: the app could not get one now.</exception>
    public static async ValueTask<StreamToken?> GetAsync(DriverConnection connection, DriverStream stream, CancellationToken ct) =>
        connection.Options.TokenSource is { } source ? new StreamToken(connection, stream, source, await AskAsync(source, ct)) : null;

    /// <summary>The server has told its time, by which the token expires.</summary>
    public void Welcomed(DateTimeOffset serverTime)
    {
        _serverTimeAtStart = serverTime - _stream.Now;
        Schedule();
    }

    /// <summary>A new token that the server was not told of yet.</summary>
    public string? TakeRefreshed() => Interlocked.Exchange(ref _refreshed, null);

    /// <summary>Asks the app for a new one when it is time; otherwise says when that will be.</summary>
    public void RefreshWhenDue(ref TimeSpan dueAt, CancellationToken ct)
    {
        if (_stream.Now >= _refreshAt && Refreshing.IsCompleted)
        {
            _refreshAt = TimeSpan.MaxValue;
            Refreshing = RefreshAsync(ct);
        }

        dueAt = _refreshAt < dueAt ? _refreshAt : dueAt;
    }

    private static async ValueTask<string> AskAsync(Func<CancellationToken, ValueTask<string>> source, CancellationToken ct)
    {
        try
        {
            return await source(ct);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, $"The app got no token: {e.Message}", e));
        }
    }

    private async Task RefreshAsync(CancellationToken ct)
    {
        try
        {
            var token = await AskAsync(_source, ct);
            if (token != Value)
                Volatile.Write(ref _refreshed, token);
            Value = token;
            Schedule();
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException)
        {
            // The old token still holds: asked again while it does, and after that on each reconnect.
            _refreshAt = _stream.Now + _connection.Options.MaxBackoff * (0.5 + _connection.Random.NextDouble());
        }
        _stream.Wake();
    }

    private void Schedule()
    {
        if (AccessToken.RefreshIn(Value, _serverTimeAtStart + _stream.Now) is { } wait)
            _refreshAt = _stream.Now + (wait > _soonest ? wait : _soonest);
    }
}
