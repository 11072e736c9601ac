using System.ComponentModel.DataAnnotations;

namespace RideTracking.Server.Hosting;

/// <summary>Where the server keeps its own files: the embedded store, development keys, compiled roads. Section <c>Store</c>.</summary>
[OfThisNode]
public sealed class DataOptions
{
    /// <summary>The folder, absolute or from the working directory; made if it is not there.</summary>
    [Required(ErrorMessage = "Store:DataFolder (--data) must name a folder.")]
    public string DataFolder { get; set; } = "data";
}
