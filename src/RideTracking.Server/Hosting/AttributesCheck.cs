using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace RideTracking.Server.Hosting;

/// <summary>Checks options by their attributes, whose own words say what is wrong; the framework's check wraps them in others.</summary>
internal sealed class AttributesCheck<T> : IValidateOptions<T>
    where T : class
{
    public ValidateOptionsResult Validate(string? name, T options)
    {
        var faults = new List<ValidationResult>();
        return Validator.TryValidateObject(options, new ValidationContext(options), faults, validateAllProperties: true)
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail(faults.Select(fault => fault.ErrorMessage ?? ""));
    }
}
