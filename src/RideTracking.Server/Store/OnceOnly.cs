using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using Grpc.Core;
using RideTracking.Server.Protocol;
using StackExchange.Redis;
using Status = Google.Rpc.Status;

namespace RideTracking.Server.Store;

/// <summary>What a request or an action was answered, kept for its repeats: the digest of its body, then the answer.</summary>
internal readonly record struct StoredAnswer(RedisKey Key, byte[] Value);

/// <summary>
/// A request or an action that is done once, whoever repeats it: its id names the key under which the answer is kept, and the
/// body tells a repeat from another request that has taken the same id.
/// </summary>
internal sealed class OnceOnly
{
    private readonly byte[] _digest;
    private readonly Func<Status> _reused;

    private OnceOnly(RedisKey key, IMessage body, Func<Status> reused) => (Key, _digest, _reused) = (key, SHA256.HashData(body.ToByteArray()), reused);

    /// <summary>Where the answer is kept.</summary>
    public RedisKey Key { get; }

    /// <summary>What is said to another body under the same id: ALREADY_EXISTS.</summary>
    public Status Reused => _reused();

    /// <summary>A request of a caller's.</summary>
    public static OnceOnly Request(RedisKey key, string requestId, IMessage body) => new(key, body, () => Refusal.AlreadyExists(
        "REQUEST_ID_REUSED", $"The request {requestId} was made before, with another body. Make a new id for a new request."));

    /// <summary>An action of a driver's.</summary>
    public static OnceOnly Action(RedisKey key, V1.DriverAction action) => new(key, action, () => Refusal.AlreadyExists(
        "ACTION_ID_REUSED", $"The action {action.ActionId} was answered before, with another body. Make a new id for a new action."));

    /// <summary>What a repeat is to get.</summary>
    public StoredAnswer Answered(IMessage answer) => new(Key, [.. _digest, .. answer.ToByteArray()]);

    /// <summary>What a repeat is to get: the id of what was made.</summary>
    public StoredAnswer Answered(string id) => new(Key, [.. _digest, .. Encoding.ASCII.GetBytes(id)]);

    /// <summary>Reads what was kept.</summary>
    /// <returns>False when it is of another body.</returns>
    public bool TryRepeat(ReadOnlySpan<byte> stored, out ReadOnlySpan<byte> answer)
    {
        var isRepeat = stored.StartsWith(_digest);
        answer = isRepeat ? stored[_digest.Length..] : [];
        return isRepeat;
    }

    /// <summary>The id of what was made when the request came first.</summary>
    /// <exception cref="RpcException"><see cref="Reused"/>.</exception>
    public string RepeatedId(ReadOnlySpan<byte> stored) =>
        TryRepeat(stored, out var id) ? Encoding.ASCII.GetString(id) : throw Reused.ToRpcException();
}
