using System.Buffers.Text;
using System.Text;
using Garnet.common;
using Garnet.server;
using Tsavorite.core;

namespace RideTracking.Server.Store;

/// <summary>
/// The one command by which anything is written to the embedded store: any number of writes as one entry of the append-only
/// file, so that a process killed at any moment leaves all of them or none.
/// </summary>
/// <remarks>
/// <c>APPLY head now n command key value... n command key value...</c>, each write as Redis has it, of those named below. At a
/// start the file is run through this again, so it must come to the same whenever it runs: times are counted from <c>now</c>,
/// nothing depends on the clock, and nothing is counted up. The head is overwritten before it gets into the file, with the
/// number of the entry and a checksum: Garnet itself would not notice that entries are damaged or missing.
/// One for each connection, and of one thread.
/// </remarks>
internal sealed class Apply(Replay replay, WriteGate gate) : CustomTransactionProcedure
{
    /// <summary>What the command is called; the file knows it only as the first that was registered.</summary>
    public const string Name = "APPLY";

    /// <summary>What stands where the head will be.</summary>
    public const string Head = EntryHead.Room;

    /// <summary>The newest entry (<see cref="Applied"/>).</summary>
    public const string NumberKey = "ride-tracking:applied";

    /// <summary>What one call may be, with eight bytes more for each of its parts. An entry that is larger than a page of the file is silently not in it.</summary>
    public const int MostBytes = 1 << 20;

    /// <summary>What each part counts on top of its own bytes.</summary>
    public const int BytesOfLength = 8;

    /// <summary>The refusal while its file is being opened or written anew: whoever hears it tries again.</summary>
    public const string Opening = "TRYAGAIN the embedded store is opening its file, or writing it anew";

    private const int FirstWrite = 2;

    private static readonly byte[] PinnedNumberKey = Pinned(NumberKey);

    // Points into the array above.
    private static readonly PinnedSpanByte Number = PinnedSpanByte.FromPinnedSpan(PinnedNumberKey);

    private string? _refusal;
    private bool _isReplayed;
    private bool _isDamaged;
    private bool _isInside;

    private enum Command
    {
        Unknown,
        Set,
        Delete,
        Expire,
        HashSet,
        HashDelete,
        SortedSetAdd,
        SortedSetRemove,
        SortedSetRemoveByScore,
        SetAdd,
        ListAppend,
    }

    /// <summary>Checks everything and locks what is written: nothing may fail after the first write.</summary>
    public override bool Prepare<TGarnetReadApi>(TGarnetReadApi api, ref CustomProcedureInput procInput)
    {
        var parts = procInput.parseState;
        // Somebody may call before the file was run to its end.
        _isReplayed = replay.IsRunning && !EntryHead.IsRoom(parts);
        _isDamaged = _isReplayed && !EntryHead.IsWhole(parts);
        _refusal = _isDamaged ? null : Refusal(parts);
        _isInside = _refusal is null && !_isReplayed && !replay.IsRunning && gate.TryEnter();
        if (!_isInside && !_isReplayed)
        {
            _refusal ??= gate.Refusal ?? Opening;
        }

        if (_isDamaged || _refusal is not null)
        {
            return true;
        }

        AddKey(Number, LockType.Exclusive, StoreType.All);
        for (var at = FirstWrite; at < parts.Count; at += Length(parts, at) + 1)
        {
            AddKey(parts.GetArgSliceByRef(at + 2), LockType.Exclusive, StoreType.All);
        }

        return true;
    }

    /// <summary>Writes.</summary>
    public override void Main<TGarnetApi>(TGarnetApi api, ref CustomProcedureInput procInput, ref MemoryResult<byte> output)
    {
        if (_refusal is not null)
        {
            WriteError(ref output, _refusal);
            return;
        }

        var parts = procInput.parseState;
        if (_isDamaged)
        {
            replay.Damaged();
            return;
        }

        var now = Integer(parts, 1);
        var last = api.GET(Number, out PinnedSpanByte stored) == GarnetStatus.OK && Utf8Parser.TryParse(stored.ReadOnlySpan, out long read, out _) ? read : 0;
        if (_isReplayed)
        {
            if (!replay.Takes(last, EntryHead.NumberIn(parts), now))
            {
                return;
            }
        }
        else
        {
            EntryHead.Write(parts, last + 1);
        }

        var worst = GarnetStatus.OK;
        for (var at = FirstWrite; at < parts.Count; at += Length(parts, at) + 1)
        {
            var status = Write(api, parts, at, now);
            worst = status is GarnetStatus.OK or GarnetStatus.NOTFOUND ? worst : status;
        }

        api.SET(Number, CreateArgSlice(new Applied(last + 1, now).ToString()));
        if (worst != GarnetStatus.OK)
        {
            WriteError(ref output, $"{worst} A key holds another kind of value");
        }
    }

    /// <summary>Whatever has become of it, it is over.</summary>
    public override void Finalize<TGarnetApi>(TGarnetApi api, ref CustomProcedureInput procInput, ref MemoryResult<byte> output)
    {
        if (_isInside)
        {
            _isInside = false;
            gate.Leave();
        }
    }

    private static GarnetStatus Write<TGarnetApi>(TGarnetApi api, SessionParseState parts, int at, long now)
        where TGarnetApi : IGarnetApi
    {
        var key = parts.GetArgSliceByRef(at + 2);
        var first = at + 3;
        var end = at + Length(parts, at) + 1;
        switch (CommandOf(parts, at))
        {
            case Command.Set:
                var status = api.SET(key, parts.GetArgSliceByRef(first));
                return end - first == 1 || status != GarnetStatus.OK ? status : api.PEXPIREAT(key, now + Integer(parts, end - 1), out _, out _);
            case Command.Delete:
                return api.DELETE(key);
            case Command.Expire:
                return api.PEXPIREAT(key, now + Integer(parts, first), out _, out _);
            case Command.HashSet:
                return api.HashSet(key, Pairs(parts, first, end), out _);
            case Command.HashDelete:
                return api.HashDelete(key, Values(parts, first, end), out _);
            case Command.SortedSetAdd:
                return api.SortedSetAdd(key, Pairs(parts, first, end), out _);
            case Command.SortedSetRemove:
                return api.SortedSetRemove(key, Values(parts, first, end), out _);
            case Command.SortedSetRemoveByScore:
                return api.SortedSetRemoveRangeByScore(key, parts.GetString(first), parts.GetString(first + 1), out _);
            case Command.SetAdd:
                return api.SetAdd(key, Values(parts, first, end), out _);
            default:
                return api.ListRightPush(key, Values(parts, first, end), out _);
        }
    }

    // Null when it can be written.
    private static string? Refusal(SessionParseState parts)
    {
        if (parts.Count <= FirstWrite || parts.GetArgSliceByRef(0).Length != Head.Length || !TryInteger(parts, 1, out _))
        {
            return $"ERR {Name} is called with {Head}, the time and the writes";
        }

        long bytes = 0;
        for (var i = 0; i < parts.Count; i++)
        {
            bytes += parts.GetArgSliceByRef(i).Length + BytesOfLength;
        }

        if (bytes > MostBytes)
        {
            return $"TOOLARGE the embedded store takes {MostBytes} bytes in one call, this has {bytes}: make it smaller, or use Redis (Store:Redis)";
        }

        for (var at = FirstWrite; at < parts.Count; at += Length(parts, at) + 1)
        {
            if (!TryInteger(parts, at, out var length) || length < 2 || length > parts.Count - at - 1 || !IsWrite(parts, at, (int)length - 2))
            {
                return $"ERR {Name} does not know the write at part {at}";
            }
        }

        return null;
    }

    private static bool IsWrite(SessionParseState parts, int at, int values)
    {
        var first = at + 3;
        switch (CommandOf(parts, at))
        {
            case Command.Set:
                return values == 1 || (values == 3 && parts.GetArgSliceByRef(first + 1).ReadOnlySpan.SequenceEqual("PX"u8) && TryInteger(parts, first + 2, out _));
            case Command.Delete:
                return values == 0;
            case Command.Expire:
                return values == 1 && TryInteger(parts, first, out _);
            case Command.HashSet:
                return values > 0 && values % 2 == 0;
            case Command.SortedSetAdd:
                for (var i = first; i < first + values; i += 2)
                {
                    if (!parts.TryGetDouble(i, out _))
                    {
                        return false;
                    }
                }

                return values > 0 && values % 2 == 0;
            case Command.SortedSetRemoveByScore:
                return values == 2;
            case Command.HashDelete or Command.SortedSetRemove or Command.SetAdd or Command.ListAppend:
                return values > 0;
            default:
                return false;
        }
    }

    private static Command CommandOf(SessionParseState parts, int at)
    {
        var name = parts.GetArgSliceByRef(at + 1).ReadOnlySpan;
        return name switch
        {
            _ when name.SequenceEqual("SET"u8) => Command.Set,
            _ when name.SequenceEqual("HSET"u8) => Command.HashSet,
            _ when name.SequenceEqual("HDEL"u8) => Command.HashDelete,
            _ when name.SequenceEqual("ZADD"u8) => Command.SortedSetAdd,
            _ when name.SequenceEqual("ZREM"u8) => Command.SortedSetRemove,
            _ when name.SequenceEqual("ZREMRANGEBYSCORE"u8) => Command.SortedSetRemoveByScore,
            _ when name.SequenceEqual("RPUSH"u8) => Command.ListAppend,
            _ when name.SequenceEqual("SADD"u8) => Command.SetAdd,
            _ when name.SequenceEqual("PEXPIRE"u8) => Command.Expire,
            _ when name.SequenceEqual("DEL"u8) => Command.Delete,
            _ => Command.Unknown,
        };
    }

    private static PinnedSpanByte[] Values(SessionParseState parts, int first, int end)
    {
        var values = new PinnedSpanByte[end - first];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = parts.GetArgSliceByRef(first + i);
        }

        return values;
    }

    private static (PinnedSpanByte, PinnedSpanByte)[] Pairs(SessionParseState parts, int first, int end)
    {
        var pairs = new (PinnedSpanByte, PinnedSpanByte)[(end - first) / 2];
        for (var i = 0; i < pairs.Length; i++)
        {
            pairs[i] = (parts.GetArgSliceByRef(first + (2 * i)), parts.GetArgSliceByRef(first + (2 * i) + 1));
        }

        return pairs;
    }

    private static int Length(SessionParseState parts, int at) => (int)Integer(parts, at);

    private static long Integer(SessionParseState parts, int at) => TryInteger(parts, at, out var number) ? number : 0;

    private static bool TryInteger(SessionParseState parts, int at, out long number)
    {
        var text = parts.GetArgSliceByRef(at).ReadOnlySpan;
        return Utf8Parser.TryParse(text, out number, out var end) && end == text.Length;
    }

    private static byte[] Pinned(string text)
    {
        var bytes = GC.AllocateArray<byte>(text.Length, pinned: true);
        Encoding.ASCII.GetBytes(text, bytes);
        return bytes;
    }
}
