using System.Globalization;

namespace RideTracking.Faults.Soak;

/// <summary>What a process holds just now.</summary>
/// <param name="ResidentMegabytes">Memory.</param>
/// <param name="Threads">Threads.</param>
/// <param name="Handles">Open descriptors: files, sockets.</param>
internal sealed record ProcessSample(double ResidentMegabytes, int Threads, int Handles)
{
    public static ProcessSample Of(int processId)
    {
        var status = File.ReadAllLines($"/proc/{processId}/status");
        return new ProcessSample(
            Number(status, "VmRSS:") / 1024d, (int)Number(status, "Threads:"), Directory.GetFiles($"/proc/{processId}/fd").Length);
    }

    private static long Number(string[] status, string name) =>
        long.Parse(status.First(line => line.StartsWith(name, StringComparison.Ordinal)).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
}
