using System.Security.Cryptography;
using System.Text;

namespace RideTracking.Server.Access;

/// <summary>
/// Lets one process of this machine at a time do something about a file. Taken and given back on the same thread; a
/// process that dies gives it back.
/// </summary>
internal sealed class MachineLock : IDisposable
{
    private readonly Mutex _mutex;

    private MachineLock(Mutex mutex) => _mutex = mutex;

    public static MachineLock Take(string path)
    {
        // A lock's name may hold no path.
        var name = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(Path.GetFullPath(path))));
        var mutex = new Mutex(initiallyOwned: false, $"ride-tracking-{name}", new NamedWaitHandleOptions { CurrentSessionOnly = false });
        try
        {
            mutex.WaitOne();
        }
        catch (AbandonedMutexException)
        {
            // The process before died; what it did to the file it did in one step.
        }

        return new MachineLock(mutex);
    }

    public void Dispose()
    {
        _mutex.ReleaseMutex();
        _mutex.Dispose();
    }
}
