using System.ComponentModel.DataAnnotations;

namespace RideTracking.Server.Store;

/// <summary>Where the server keeps what must survive.</summary>
public sealed class StoreOptions
{
    /// <summary>
    /// Redis to use, as a StackExchange.Redis configuration (<c>host:port,password=…,ssl=true</c>). Empty: a store of
    /// the same process, its data in <c>Store:DataFolder</c>.
    /// </summary>
    public string Redis { get; set; } = "";

    /// <summary>Memory of the embedded store before it goes to disk, in MB: 16 to 65536. A power of two.</summary>
    [Range(16, 65536, ErrorMessage = "Store:EmbeddedMemoryMegabytes must be 16 to 65536.")]
    public int EmbeddedMemoryMegabytes { get; set; } = 256;

    /// <summary>
    /// How large the embedded store's append-only file may get, in MB, before what it holds is copied into a new one: 1 to 1048576. A copy is
    /// not copied again before it has doubled. Writes are refused meanwhile, for some four seconds for each 100 MB held.
    /// </summary>
    [Range(1, 1 << 20, ErrorMessage = "Store:MaxLogMegabytes must be 1 to 1048576.")]
    public long MaxLogMegabytes { get; set; } = 1024;

    /// <summary>
    /// Whether the embedded store starts although its files are damaged: with what is whole, and without what was written
    /// after it. Otherwise it says what is lost, and does not start.
    /// </summary>
    public bool StartDamaged { get; set; }
}
