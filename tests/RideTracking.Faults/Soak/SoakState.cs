using System.Globalization;
using System.Text;
using RideTracking.Faults.Processes;
using StackExchange.Redis;

namespace RideTracking.Faults.Soak;

/// <summary>What all of it holds at a time.</summary>
/// <param name="Nodes">Each node's process, and what it measures.</param>
/// <param name="StoreMegabytes">Memory that Redis uses.</param>
/// <param name="Stored">Keys and bytes by feature.</param>
internal sealed record SoakState(
    IReadOnlyList<(string Name, ProcessSample Process, IReadOnlyDictionary<string, double> Gauges)> Nodes, double StoreMegabytes,
    IReadOnlyDictionary<string, (int Keys, long Bytes)> Stored)
{
    private const double Megabyte = 1 << 20;

    public static async Task<SoakState> ReadAsync(IEnumerable<NodeProcess> nodes, ConnectionMultiplexer connection) => new(
        [.. await Task.WhenAll(nodes.Select(async n => (n.Name, ProcessSample.Of(n.ProcessId), await NodeGauges.ReadAsync(n.Management))))],
        await MegabytesAsync(connection), await StoredKeys.ReadAsync(connection));

    /// <summary>The short form of it.</summary>
    public static async Task<string> LineAsync(IEnumerable<NodeProcess> nodes, ConnectionMultiplexer connection)
    {
        var line = new StringBuilder();
        foreach (var node in nodes)
        {
            var (process, gauges) = (ProcessSample.Of(node.ProcessId), await NodeGauges.ReadAsync(node.Management));
            line.Append(Invariant($"{node.Name} {process.ResidentMegabytes:f0} MB, heap {gauges[NodeGauges.HeapBytes] / Megabyte:f0} MB, {process.Threads} threads, {process.Handles} handles; "));
        }

        return line.Append(Invariant($"Redis {await MegabytesAsync(connection):f1} MB, {await connection.GetServers()[0].DatabaseSizeAsync():n0} keys")).ToString();
    }

    /// <summary>The table: then and now.</summary>
    public string Beside(SoakState then)
    {
        var table = new StringBuilder();
        void Row(string what, double before, double after) => table.AppendLine(Invariant($"| {what} | {before:n0} | {after:n0} |"));
        table.AppendLine("| | begin | end |").AppendLine("|---|---|---|");
        foreach (var (now, before) in Nodes.Zip(then.Nodes))
        {
            Row($"{now.Name}: resident MB", before.Process.ResidentMegabytes, now.Process.ResidentMegabytes);
            Row($"{now.Name}: heap MB", before.Gauges[NodeGauges.HeapBytes] / Megabyte, now.Gauges[NodeGauges.HeapBytes] / Megabyte);
            Row($"{now.Name}: threads", before.Process.Threads, now.Process.Threads);
            Row($"{now.Name}: handles", before.Process.Handles, now.Process.Handles);
            foreach (var gauge in now.Gauges.Keys.Union(before.Gauges.Keys).Where(g => g != NodeGauges.HeapBytes).Order(StringComparer.Ordinal))
            {
                Row($"{now.Name}: {gauge}", before.Gauges.GetValueOrDefault(gauge), now.Gauges.GetValueOrDefault(gauge));
            }
        }

        Row("Redis: MB", then.StoreMegabytes, StoreMegabytes);
        foreach (var feature in Stored.Keys.Union(then.Stored.Keys).Order(StringComparer.Ordinal))
        {
            var (before, now) = (then.Stored.GetValueOrDefault(feature), Stored.GetValueOrDefault(feature));
            table.AppendLine(Invariant($"| `{feature}` | {before.Keys:n0}, {before.Bytes / 1024d:n0} kB | {now.Keys:n0}, {now.Bytes / 1024d:n0} kB |"));
        }

        return table.ToString();
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static async Task<double> MegabytesAsync(ConnectionMultiplexer connection) =>
        double.Parse((await connection.GetServers()[0].InfoAsync("memory")).SelectMany(s => s).First(e => e.Key == "used_memory").Value, CultureInfo.InvariantCulture) / Megabyte;
}
