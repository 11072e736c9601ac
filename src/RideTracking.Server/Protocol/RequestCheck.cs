using Google.Protobuf.WellKnownTypes;
using Google.Type;
using Grpc.Core;
using Status = Google.Rpc.Status;

namespace RideTracking.Server.Protocol;

/// <summary>Collects what is wrong with a request, field by field, so that the caller is told all of it at once.</summary>
internal sealed class RequestCheck
{
    private readonly List<(string Field, string Description)> _violations = [];

    /// <summary>Whether nothing was found so far.</summary>
    public bool IsFine => _violations.Count == 0;

    /// <summary>What was found, or null.</summary>
    public Status? Fault => IsFine ? null : Refusal.Fields([.. _violations]);

    /// <summary>Refuses the request if anything was found.</summary>
    /// <exception cref="RpcException">INVALID_ARGUMENT with a BadRequest that names the fields.</exception>
    public void Pass()
    {
        if (Fault is { } fault)
        {
            throw fault.ToRpcException();
        }
    }

    public void Require(bool holds, string field, string rule)
    {
        if (!holds)
        {
            _violations.Add((field, rule));
        }
    }

    public void Id(string field, string id) => Require(ExternalId.IsValid(id), field, ExternalId.Rule);

    public void OptionalId(string field, string id) => Require(id.Length == 0 || ExternalId.IsValid(id), field, ExternalId.Rule + ", or empty");

    public void Text(string field, string text, int least, int most) =>
        Require(text.Length <= most * 2 && text.EnumerateRunes().Count() is var length && length >= least && length <= most, field, $"must have {least} to {most} characters");

    public void Number(string field, uint number, uint least, uint most) =>
        Require(number >= least && number <= most, field, $"must be {least} to {most}, not {number}");

    /// <summary>A value of the enum that means something.</summary>
    public void Choice<TEnum>(string field, TEnum value)
        where TEnum : struct, System.Enum =>
        Require(System.Enum.IsDefined(value) && Convert.ToInt32(value, System.Globalization.CultureInfo.InvariantCulture) != 0, field, "must be one of the enum's values and not UNSPECIFIED");

    /// <summary>A place; that it is one on earth was found as the request was read.</summary>
    public void Location(string field, LatLng? location) => Require(location is not null, field, "must be given");

    /// <summary>How many a page is to have.</summary>
    /// <param name="asked">As many; 0 for what is usual.</param>
    /// <param name="usual">What is usual.</param>
    /// <param name="most">The most.</param>
    public int PageSize(uint asked, int usual, int most)
    {
        Require(asked <= most, "page_size", $"must be 1 to {most}, or 0 for {usual}");
        return asked == 0 ? usual : (int)asked;
    }

    /// <summary>A duration in a range, both ends allowed, or none.</summary>
    public void OptionalDuration(string field, Duration? span, TimeSpan least, TimeSpan most, string rule) =>
        Require(span is null || (span.ToTimeSpan() >= least && span.ToTimeSpan() <= most), field, rule);
}
