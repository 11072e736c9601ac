using System.ComponentModel.DataAnnotations;
using RideTracking.Server.Hosting;

namespace RideTracking.Server.Store;

/// <summary>Where the server keeps what must survive.</summary>
public sealed class StoreOptions
{
    /// <summary>
    /// Redis to use, as a StackExchange.Redis configuration (<c>host:port,password=…,ssl=true</c>). Empty: a store of
    /// the same process, its data in <c>Store:DataFolder</c>.
    /// </summary>
    [OfThisNode]
    public string Redis { get; set; } = "";

    /// <summary>
    /// File that holds the password of <see cref="Redis"/>, instead of <c>password=…</c> there. It is read again for each connection, so that another
    /// password needs no restart.
    /// </summary>
    public string RedisPasswordFile { get; set; } = "";

    /// <summary>
    /// File of certificates (PEM) by whom alone the certificate of <see cref="Redis"/> may be issued, which is then not checked for revocation. Empty:
    /// whom the system trusts. Needs <c>ssl=true</c>.
    /// </summary>
    public string RedisCaFile { get; set; } = "";

    /// <summary>File of this server's own certificate (PEM), for a <see cref="Redis"/> that asks for one; those that it is issued by may follow it. Needs <c>ssl=true</c>.</summary>
    public string RedisCertificateFile { get; set; } = "";

    /// <summary>File of that certificate's private key (PEM). Empty: it is in the same file.</summary>
    public string RedisKeyFile { get; set; } = "";

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
    /// What is left free on the disk of the embedded store, in MB, 1 to 1048576: it refuses writes, as a full store does, before the disk is full, and takes them
    /// again by itself when there is room.
    /// </summary>
    [Range(1, 1 << 20, ErrorMessage = "Store:MinFreeDiskMegabytes must be 1 to 1048576.")]
    public int MinFreeDiskMegabytes { get; set; } = 64;

    /// <summary>
    /// How much memory the store may use, in MB, 1 to 16777216: beyond 80 % of it fixes that a checkpoint covers go before their time, beyond 90 % new ones wait.
    /// 0: what the store's own <c>maxmemory</c> says. Not for the embedded store, which goes to disk.
    /// </summary>
    [Range(0, 1 << 24, ErrorMessage = "Store:MemoryLimitMegabytes must be 0 to 16777216.")]
    public int MemoryLimitMegabytes { get; set; }

    /// <summary>
    /// How many replicas must have what was written before it is acknowledged or answered for, 0 to 16. It holds what it says only if every replica
    /// that may be promoted is among them. 0: what the store's master has is answered for, and a fail-over may forget the last of it.
    /// </summary>
    [Range(0, 16, ErrorMessage = "Store:WaitForReplicas must be 0 to 16.")]
    public int WaitForReplicas { get; set; }

    /// <summary>How long replicas are waited for, 10 ms to 4 s. After that acknowledgements wait, and calls are answered UNAVAILABLE.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:00:04", ErrorMessage = "Store:ReplicaTimeout must be 10 ms to 4 s.")]
    public TimeSpan ReplicaTimeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The newest form of records that the nodes write as long as this one is there, though all of them read a newer one: the way back to the version
    /// before stays open. Null: the newest that all read.
    /// </summary>
    [Range(RecordFormat.Oldest, int.MaxValue, ErrorMessage = "Store:MaxRecordForm must be 1 or more.")]
    public int? MaxRecordForm { get; set; }

    /// <summary>
    /// Whether the embedded store starts although its files are damaged: with what is whole, and without what was written
    /// after it. Otherwise it says what is lost, and does not start.
    /// </summary>
    public bool StartDamaged { get; set; }
}
