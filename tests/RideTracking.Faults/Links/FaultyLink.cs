using System.Net;
using System.Net.Sockets;
using RideTracking.Server.Tests.Fixtures;

namespace RideTracking.Faults.Links;

/// <summary>A way over TCP that can be slow, narrow, silent or cut.</summary>
internal sealed class FaultyLink : IDisposable
{
    private const int PieceBytes = 16 << 10;

    private readonly int _target;
    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _ending = new();
    private readonly HashSet<Socket> _sockets = [];
    private LinkState _state = LinkState.Whole;
    private TaskCompletionSource _changed = NewChanged();

    /// <param name="target">The port of 127.0.0.1 that it leads to.</param>
    public FaultyLink(int target)
    {
        _target = target;
        Port = FreePort.Take();
        _listener = new TcpListener(IPAddress.Loopback, Port);
        _listener.Start();
        _ = TakeAsync();
    }

    /// <summary>Where it begins.</summary>
    public int Port { get; }

    /// <summary>From now on it is so.</summary>
    public void Become(LinkState state)
    {
        Volatile.Write(ref _state, state);
        Interlocked.Exchange(ref _changed, NewChanged()).TrySetResult();
        if (state.Kind == LinkKind.Broken)
        {
            Cut();
        }
    }

    /// <summary>Breaks all connections that there are; new ones hold.</summary>
    public void Cut()
    {
        lock (_sockets)
        {
            foreach (var socket in _sockets)
            {
                socket.Dispose();
            }

            _sockets.Clear();
        }
    }

    public void Dispose()
    {
        _ending.Cancel();
        _listener.Stop();
        Cut();
        Interlocked.Exchange(ref _changed, NewChanged()).TrySetResult();
    }

    private async Task TakeAsync()
    {
        while (!_ending.IsCancellationRequested)
        {
            try
            {
                _ = JoinAsync(await _listener.AcceptSocketAsync(_ending.Token));
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
            {
                // It ends, or who called has hung up already.
            }
        }
    }

    private async Task JoinAsync(Socket caller)
    {
        var target = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        caller.NoDelay = true;
        lock (_sockets)
        {
            _sockets.Add(caller);
            _sockets.Add(target);
        }

        try
        {
            if (await WholeAsync(isBack: false))
            {
                await target.ConnectAsync(IPAddress.Loopback, _target, _ending.Token);
                await Task.WhenAll(PassAsync(caller, target, isBack: false), PassAsync(target, caller, isBack: true));
            }
        }
        catch (Exception e) when (IsEnd(e))
        {
            // Nobody is there, or it was cut.
        }
        finally
        {
            caller.Dispose();
            target.Dispose();
            lock (_sockets)
            {
                _sockets.Remove(caller);
                _sockets.Remove(target);
            }
        }
    }

    private async Task PassAsync(Socket from, Socket to, bool isBack)
    {
        var piece = new byte[PieceBytes];
        try
        {
            int length;
            while ((length = await from.ReceiveAsync(piece, _ending.Token)) > 0)
            {
                if (!await WholeAsync(isBack))
                {
                    break;
                }

                var state = Volatile.Read(ref _state);
                var wait = state.Delay + (state.BytesPerSecond > 0 ? TimeSpan.FromSeconds((double)length / state.BytesPerSecond) : TimeSpan.Zero);
                if (wait > TimeSpan.Zero)
                {
                    await Task.Delay(wait, TimeProvider.System, _ending.Token);
                }

                for (var sent = 0; sent < length;)
                {
                    sent += await to.SendAsync(piece.AsMemory(sent, length - sent), _ending.Token);
                }
            }
        }
        catch (Exception e) when (IsEnd(e))
        {
            // The other way ends with it.
        }

        from.Dispose();
        to.Dispose();
    }

    // Waits while nothing comes through; false when the connection ends.
    private async Task<bool> WholeAsync(bool isBack)
    {
        while (true)
        {
            var changed = Volatile.Read(ref _changed).Task;
            switch (Volatile.Read(ref _state).Kind)
            {
                case LinkKind.Whole:
                case LinkKind.Mute when !isBack:
                    return true;
                case LinkKind.Broken:
                    return false;
                default:
                    await changed.WaitAsync(_ending.Token);
                    break;
            }
        }
    }

    private static bool IsEnd(Exception e) => e is SocketException or ObjectDisposedException or OperationCanceledException or IOException;

    private static TaskCompletionSource NewChanged() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
