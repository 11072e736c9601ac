using Grpc.Core;

namespace RideTracking.Server.Protocol;

/// <summary>The rule for ids that callers make: 1 to 64 of <c>A-Z a-z 0-9 . _ : -</c>.</summary>
public static class ExternalId
{
    /// <summary>Longest id, in characters.</summary>
    public const int MaxLength = 64;

    /// <summary>What to say of an id that breaks the rule.</summary>
    public const string Rule = "must be 1 to 64 of A-Z a-z 0-9 . _ : -";

    /// <summary>Whether the id keeps the rule.</summary>
    public static bool IsValid(string id)
    {
        if (id.Length is 0 or > MaxLength)
        {
            return false;
        }

        foreach (var c in id)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('.' or '_' or ':' or '-'))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Refuses an id that breaks the rule.</summary>
    /// <exception cref="RpcException">INVALID_ARGUMENT with a BadRequest that names the field.</exception>
    public static void Require(string field, string id)
    {
        if (!IsValid(id))
        {
            throw Refusal.Field(field, Rule).ToRpcException();
        }
    }
}
