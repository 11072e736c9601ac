using System.ComponentModel.DataAnnotations;

namespace RideTracking.Server.Areas;

/// <summary>Which areas there are. Section <c>Store</c>.</summary>
public sealed class AreaOptions
{
    /// <summary>The area of this server: 1 to 32 of <c>a-z 0-9 -</c>, and not <c>company</c>.</summary>
    [RegularExpression("^(?!company$)[a-z0-9-]{1,32}$", ErrorMessage = "Store:Area must be 1 to 32 of a-z, 0-9 and '-', and not 'company', which the company's own keys are under.")]
    public string Area { get; set; } = "default";
}
