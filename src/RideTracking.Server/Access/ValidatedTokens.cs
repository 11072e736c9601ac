using System.Buffers;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace RideTracking.Server.Access;

/// <summary>
/// Tokens that passed validation, by SHA-256, so that a signature (21 to 89 µs) is checked once and not on each call.
/// Holds two generations of at most <c>capacity</c> each. Full: the older generation is forgotten, which costs its
/// callers one more validation and nobody anything else. Only valid tokens get in, so nobody can flush it with forged
/// ones. Thread-safe.
/// </summary>
internal sealed class ValidatedTokens(int capacity)
{
    private readonly Lock _turn = new();
    private volatile ConcurrentDictionary<TokenHash, Entry> _young = new();
    private volatile ConcurrentDictionary<TokenHash, Entry> _old = new();

    /// <summary>A token kept, and until when without another look at the keys.</summary>
    public readonly record struct Entry(Caller Caller, DateTimeOffset RecheckAt);

    public bool TryGet(in TokenHash hash, DateTimeOffset now, out Caller caller)
    {
        if (_young.TryGetValue(hash, out var entry) || _old.TryGetValue(hash, out entry))
        {
            if (now < entry.RecheckAt && now < entry.Caller.ExpiresAt)
            {
                caller = entry.Caller;
                return true;
            }
        }

        caller = null!;
        return false;
    }

    public void Add(in TokenHash hash, Caller caller, DateTimeOffset recheckAt)
    {
        lock (_turn)
        {
            if (_young.Count >= capacity)
            {
                _old = _young;
                _young = new();
            }

            _young[hash] = new Entry(caller, recheckAt);
        }
    }
}

/// <summary>The SHA-256 of a token.</summary>
internal readonly record struct TokenHash(UInt128 High, UInt128 Low)
{
    public static TokenHash Of(string token)
    {
        var bytes = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(token.Length));
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        var length = Encoding.UTF8.GetBytes(token, bytes);
        SHA256.HashData(bytes.AsSpan(0, length), hash);
        // A token is a secret: none is left behind in a shared buffer.
        ArrayPool<byte>.Shared.Return(bytes, clearArray: true);
        return new TokenHash(
            System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(hash),
            System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(hash[16..]));
    }
}
