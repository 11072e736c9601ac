using System.Net;
using System.Net.Sockets;

namespace RideTracking.Server.Tests.Fixtures;

/// <summary>
/// A port for a process that will be killed and started again. Below those that the system gives to outgoing
/// connections: one of these could take it while the process is down.
/// </summary>
public static class FreePort
{
    private const int First = 15_000;
    private const int End = 30_000;

    // Test programs run side by side: each begins elsewhere.
    private static int _next = Environment.ProcessId * 37 % (End - First);

    public static int Take()
    {
        while (true)
        {
            var port = First + (Interlocked.Increment(ref _next) % (End - First));
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                // Somebody else's; the next one.
            }
        }
    }
}
