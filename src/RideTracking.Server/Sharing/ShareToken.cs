using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using RideTracking.Server.Areas;
using RideTracking.Server.Store;

namespace RideTracking.Server.Sharing;

/// <summary>What whoever has it may watch by: the link's id, a dot, 256 random bits.</summary>
/// <param name="LinkId">The area, a dot, 32 hexadecimal digits.</param>
/// <param name="Secret">The bits, as base64url.</param>
internal sealed record ShareToken(string LinkId, string Secret)
{
    private const int SecretBytes = 32;
    private const int SecretLength = 43;
    private const int LinkDigits = 32;
    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    /// <summary>The secret as the store has it. Of so many random bits a plain hash tells nothing.</summary>
    public string Hash => Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(Secret)));

    /// <summary>A new secret for a link.</summary>
    public static ShareToken New(string linkId) => new(linkId, Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes)));

    /// <summary>The id of the link that a caller's request makes, the same for its repeats.</summary>
    public static string LinkIdOf(StoreKeys keys, string caller, string requestId, string tripId) =>
        $"{keys.Area}.{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(KeyParts.Join('\n', requestId, tripId, caller))).AsSpan(0, LinkDigits / 2))}";

    /// <summary>Whether a link of this area could have the id: nothing else is ever looked up.</summary>
    public static bool IsPlausible(StoreKeys keys, string linkId) =>
        linkId.Length == keys.Area.Length + 1 + LinkDigits
        && linkId.StartsWith(keys.Area + ".", StringComparison.Ordinal)
        && !linkId.AsSpan(keys.Area.Length + 1).ContainsAnyExcept(HexDigits);

    /// <summary>Reads what somebody says is a token of this area.</summary>
    public static bool TryRead(StoreKeys keys, string text, [NotNullWhen(true)] out ShareToken? token)
    {
        var dot = text.Length - SecretLength - 1;
        token = dot > 0 && text[dot] == '.' && Base64Url.IsValid(text.AsSpan(dot + 1)) && IsPlausible(keys, text[..dot])
            ? new ShareToken(text[..dot], text[(dot + 1)..])
            : null;
        return token is not null;
    }

    /// <summary>Not for logs.</summary>
    public override string ToString() => LinkId;
}
