using System.ComponentModel.DataAnnotations;

namespace RideTracking.Server.Store;

/// <summary>Where the server keeps what must survive.</summary>
public sealed class StoreOptions
{
    /// <summary>
    /// Redis to use, as a StackExchange.Redis configuration (<c>host:port,password=…,ssl=true</c>). Empty: a store of
    /// the same process, its data in <see cref="DataFolder"/>.
    /// </summary>
    public string Redis { get; set; } = "";

    /// <summary>Folder of the embedded store and the development keys.</summary>
    [Required(ErrorMessage = "Store:DataFolder (--data) must name a folder.")]
    public string DataFolder { get; set; } = "data";

    /// <summary>The service area of this server: 1 to 32 of <c>a-z 0-9 -</c>.</summary>
    [RegularExpression("^[a-z0-9-]{1,32}$", ErrorMessage = "Store:Area must be 1 to 32 of a-z, 0-9 and '-'.")]
    public string Area { get; set; } = "default";

    /// <summary>Memory of the embedded store before it goes to disk, in MB: 16 to 65536. A power of two.</summary>
    [Range(16, 65536, ErrorMessage = "Store:EmbeddedMemoryMegabytes must be 16 to 65536.")]
    public int EmbeddedMemoryMegabytes { get; set; } = 256;
}
