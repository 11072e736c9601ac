using Google.Protobuf;
using Google.Protobuf.Collections;
using RideTracking.V1;

namespace RideTracking.Client;

/// <summary>
/// What a driver's app still owes the server: fixes until they are acknowledged and actions until they are answered,
/// with the session's name and the place where the commands stand. Bounded: when full, the oldest fix is dropped and
/// counted (the newest tells most), and a further action is refused (a driver's word is never dropped). In memory, or
/// kept in a file, so that an app that was killed goes on with the same session. Thread-safe.
/// </summary>
/// <remarks>
/// What is on the disk when: an action, and each block of 4,096 sequences before the first of them is used, is on the
/// disk (fsync) when the call returns; a fix, an acknowledgement and an answer are with the operating system. So an app
/// that crashes or is killed loses nothing; a phone whose power fails may lose the last fixes that were not acknowledged
/// and may send some twice (harmless), but never gives a sequence to a second fix.
/// </remarks>
public sealed class OfflineBuffer : IDisposable
{
    /// <summary>Fixes kept unless told otherwise: fourteen hours at one a second.</summary>
    public const int DefaultFixCapacity = 50_000;

    /// <summary>Actions kept at most.</summary>
    public const int ActionCapacity = 1_000;

    /// <summary>Sequences promised to the disk at a time; a crash leaves a gap of at most that many, which the contract allows.</summary>
    private const ulong SequenceBlock = 4_096;

    private const long SmallFile = 256 * 1024;

    private readonly Lock _gate = new();
    private readonly FixQueue _fixes;
    private readonly List<DriverAction> _actions = [];
    private readonly string _driverId = "";
    private FileBuffer? _file;
    private ulong _lastSequence;
    private ulong _reservedThrough = ulong.MaxValue;
    private ulong _acknowledgedThrough;
    private ulong _lastCommandSequence;
    private ulong _connectionAttempt;
    private long _droppedFixes;
    private long _rewriteAt = SmallFile;

    private OfflineBuffer(int fixCapacity, string driverId)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(fixCapacity, 1);
        _fixes = new FixQueue(fixCapacity);
        _driverId = driverId;
        SessionId = Guid.NewGuid().ToString("N");
    }

    /// <summary>Name of this buffer: sequences are numbered within it. Made with the buffer and kept in its file.</summary>
    public string SessionId { get; private set; }

    /// <summary>Fixes that wait for their acknowledgement.</summary>
    public int FixCount { get { lock (_gate) return _fixes.Count; } }

    /// <summary>Actions that wait for their answer.</summary>
    public int ActionCount { get { lock (_gate) return _actions.Count; } }

    /// <summary>Fixes that were dropped because the buffer was full, since it was made.</summary>
    public long DroppedFixes { get { lock (_gate) return _droppedFixes; } }

    /// <summary>Sequence of the newest fix; 0 before the first.</summary>
    public ulong LastSequence { get { lock (_gate) return _lastSequence; } }

    /// <summary>Every fix up to this sequence was acknowledged or dropped.</summary>
    public ulong AcknowledgedThrough { get { lock (_gate) return _acknowledgedThrough; } }

    /// <summary>Sequence of the last command that the app has handled; 0 for none.</summary>
    public ulong LastCommandSequence { get { lock (_gate) return _lastCommandSequence; } }

    /// <summary>Bytes at the end of the file that were damaged or cut off when it was opened.</summary>
    public long DiscardedBytes { get; private set; }

    /// <summary>A buffer that ends with the process.</summary>
    /// <param name="fixCapacity">Fixes kept at most; room is taken as it is needed.</param>
    public static OfflineBuffer InMemory(int fixCapacity = DefaultFixCapacity) => new(fixCapacity, "");

    /// <summary>Opens the buffer kept in a file, or makes it.</summary>
    /// <param name="path">The file; its folder must exist. One process at a time may have it open.</param>
    /// <param name="driverId">Whose fixes these are.</param>
    /// <param name="fixCapacity">Fixes kept at most.</param>
    /// <exception cref="IOException">The file cannot be opened, or is open already.</exception>
    /// <exception cref="InvalidOperationException">The file holds another driver's fixes.</exception>
    public static OfflineBuffer Open(string path, string driverId, int fixCapacity = DefaultFixCapacity)
    {
        ArgumentException.ThrowIfNullOrEmpty(driverId);
        var buffer = new OfflineBuffer(fixCapacity, driverId);
        string? owner = null;
        buffer._reservedThrough = 0;
        buffer._file = FileBuffer.Open(path, (kind, payload) => buffer.Restore((RecordKind)kind, payload, ref owner));
        try
        {
            if (owner is not null && owner != driverId)
                throw new InvalidOperationException($"The buffer {path} holds fixes of driver '{owner}', not of '{driverId}': give each driver a file of their own.");
            buffer.DiscardedBytes = buffer._file.DiscardedBytes;
            buffer._lastSequence = Math.Max(buffer._lastSequence, buffer._reservedThrough);
            // Each lost record may have promised a block; beyond all of them nothing was ever used.
            if (buffer.DiscardedBytes > 0)
                buffer._lastSequence += ((ulong)buffer.DiscardedBytes / (FileBuffer.RecordOverhead + 8) + 1) * SequenceBlock;
            buffer._reservedThrough = buffer._lastSequence;
            buffer.Rewrite();
            return buffer;
        }
        catch
        {
            buffer._file.Dispose();
            throw;
        }
    }

    /// <summary>Closes the file, if there is one; nothing is lost. Dispose only after the connection that uses it has ended.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_file is null)
                return;
            // What was promised and not used is free again.
            _reservedThrough = _lastSequence;
            _file.Append((byte)RecordKind.SequencesReserved, BitConverter.GetBytes(_lastSequence), toDisk: true);
            _file.Dispose();
            _file = null;
        }
    }

    internal ulong Add(Fix fix)
    {
        lock (_gate)
        {
            var sequence = _lastSequence + 1;
            if (sequence > _reservedThrough)
            {
                Append(RecordKind.SequencesReserved, BitConverter.GetBytes(sequence + SequenceBlock - 1), toDisk: true);
                _reservedThrough = sequence + SequenceBlock - 1;
            }
            fix.Sequence = sequence;
            if (_file is not null)
                Append(RecordKind.Fix, fix.ToByteArray());
            _lastSequence = sequence;
            Keep(fix);
            RewriteIfLarge();
            return sequence;
        }
    }

    /// <summary>Copies the oldest fixes after a sequence, at most <paramref name="max"/>.</summary>
    internal void CopyAfter(ulong sequence, int max, RepeatedField<Fix> into)
    {
        lock (_gate)
        {
            for (var i = _fixes.IndexAfter(sequence); i < _fixes.Count && into.Count < max; i++)
                into.Add(_fixes[i]);
        }
    }

    internal int CountAfter(ulong sequence)
    {
        lock (_gate)
            return _fixes.Count - _fixes.IndexAfter(sequence);
    }

    /// <summary>Forgets every fix up to a sequence and puts them into a list.</summary>
    internal void Acknowledge(ulong throughSequence, List<Fix> acknowledged)
    {
        lock (_gate)
        {
            if (throughSequence <= _acknowledgedThrough)
                return;
            _acknowledgedThrough = throughSequence;
            // A session that the server knows further than this file does (power failed): its sequences are taken.
            if (throughSequence > _lastSequence)
                _lastSequence = throughSequence;
            while (_fixes.Count > 0 && _fixes[0].Sequence <= throughSequence)
                acknowledged.Add(_fixes.RemoveOldest());
            Append(RecordKind.Acknowledged, BitConverter.GetBytes(throughSequence));
            RewriteIfLarge();
        }
    }

    /// <summary>
    /// Goes on under another name: the server knows sequences of this one that stand for other fixes, as after the phone
    /// was restored from a backup. What waits is numbered anew.
    /// </summary>
    /// <param name="refused">Fixes that were refused for that, older than those that wait.</param>
    internal void BeginSession(IEnumerable<Fix> refused)
    {
        lock (_gate)
        {
            List<Fix> waiting = [.. refused];
            while (_fixes.Count > 0)
                waiting.Add(_fixes.RemoveOldest());
            SessionId = Guid.NewGuid().ToString("N");
            (_lastSequence, _acknowledgedThrough) = (0, 0);
            foreach (var fix in waiting)
            {
                fix.Sequence = ++_lastSequence;
                Keep(fix);
            }
            if (_file is null)
                return;
            _reservedThrough = _lastSequence;
            Rewrite();
        }
    }

    /// <exception cref="InvalidOperationException">The buffer holds as many actions as it may.</exception>
    internal void Add(DriverAction action)
    {
        lock (_gate)
        {
            if (_actions.Count >= ActionCapacity)
                throw new InvalidOperationException($"{ActionCapacity} actions wait for their answer already; connect first.");
            Append(RecordKind.Action, action.ToByteArray(), toDisk: true);
            _actions.Add(action);
            RewriteIfLarge();
        }
    }

    /// <summary>The oldest action without an answer; null for none.</summary>
    internal DriverAction? OldestAction()
    {
        lock (_gate)
            return _actions.Count > 0 ? _actions[0] : null;
    }

    internal bool Answered(string actionId)
    {
        lock (_gate)
        {
            var index = _actions.FindIndex(a => a.ActionId == actionId);
            if (index < 0)
                return false;
            _actions.RemoveAt(index);
            Append(RecordKind.ActionAnswered, System.Text.Encoding.UTF8.GetBytes(actionId));
            return true;
        }
    }

    /// <summary>Number of the next attempt to connect: higher than all before, over restarts too.</summary>
    internal ulong NextConnectionAttempt() => SetConnectionAttempt(0);

    /// <summary>The server knows a later attempt than this buffer does: numbers go on from there.</summary>
    internal void ConnectionAttemptPassed(ulong attempt) => SetConnectionAttempt(attempt);

    private ulong SetConnectionAttempt(ulong atLeast)
    {
        lock (_gate)
        {
            _connectionAttempt = Math.Max(_connectionAttempt + 1, atLeast);
            Append(RecordKind.ConnectionAttempt, BitConverter.GetBytes(_connectionAttempt));
            RewriteIfLarge();
            return _connectionAttempt;
        }
    }

    internal void CommandHandled(ulong sequence)
    {
        lock (_gate)
        {
            _lastCommandSequence = sequence;
            Append(RecordKind.CommandHandled, BitConverter.GetBytes(sequence));
        }
    }

    private void Keep(Fix fix)
    {
        if (_fixes.Count == _fixes.Capacity)
        {
            _fixes.RemoveOldest();
            _droppedFixes++;
        }
        _fixes.Add(fix);
    }

    private void Append(RecordKind kind, byte[] payload, bool toDisk = false) => _file?.Append((byte)kind, payload, toDisk);

    /// <summary>Only when memory holds all that the file does.</summary>
    private void RewriteIfLarge()
    {
        if (_file?.Length > _rewriteAt)
            Rewrite();
    }

    /// <summary>Leaves in the file only what is still needed; at most half of a big file is ever outdated.</summary>
    private void Rewrite()
    {
        _file!.Rewrite(Records());
        _rewriteAt = Math.Max(SmallFile, _file.Length * 2);
    }

    private IEnumerable<(byte, byte[])> Records()
    {
        yield return ((byte)RecordKind.State, State());
        for (var i = 0; i < _fixes.Count; i++)
            yield return ((byte)RecordKind.Fix, _fixes[i].ToByteArray());
        foreach (var action in _actions)
            yield return ((byte)RecordKind.Action, action.ToByteArray());
    }

    private byte[] State()
    {
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        writer.Write(_driverId);
        writer.Write(SessionId);
        writer.Write(_reservedThrough);
        writer.Write(_acknowledgedThrough);
        writer.Write(_lastCommandSequence);
        writer.Write(_droppedFixes);
        writer.Write(_connectionAttempt);
        writer.Flush();
        return bytes.ToArray();
    }

    private void Restore(RecordKind kind, ReadOnlyMemory<byte> payload, ref string? owner)
    {
        switch (kind)
        {
            case RecordKind.State:
                using (var reader = new BinaryReader(new MemoryStream(payload.ToArray())))
                {
                    owner = reader.ReadString();
                    SessionId = reader.ReadString();
                    _reservedThrough = reader.ReadUInt64();
                    _acknowledgedThrough = reader.ReadUInt64();
                    _lastCommandSequence = reader.ReadUInt64();
                    _droppedFixes = reader.ReadInt64();
                    // Files of before it was counted end here.
                    if (reader.BaseStream.Position < reader.BaseStream.Length)
                        _connectionAttempt = reader.ReadUInt64();
                }
                break;
            case RecordKind.SequencesReserved:
                _reservedThrough = BitConverter.ToUInt64(payload.Span);
                break;
            case RecordKind.Fix:
                var fix = Fix.Parser.ParseFrom(payload.Span);
                _lastSequence = fix.Sequence;
                Keep(fix);
                break;
            case RecordKind.Acknowledged:
                _acknowledgedThrough = BitConverter.ToUInt64(payload.Span);
                _lastSequence = Math.Max(_lastSequence, _acknowledgedThrough);
                while (_fixes.Count > 0 && _fixes[0].Sequence <= _acknowledgedThrough)
                    _fixes.RemoveOldest();
                break;
            case RecordKind.Action:
                _actions.Add(DriverAction.Parser.ParseFrom(payload.Span));
                break;
            case RecordKind.ActionAnswered:
                var actionId = System.Text.Encoding.UTF8.GetString(payload.Span);
                _actions.RemoveAll(a => a.ActionId == actionId);
                break;
            case RecordKind.CommandHandled:
                _lastCommandSequence = BitConverter.ToUInt64(payload.Span);
                break;
            case RecordKind.ConnectionAttempt:
                _connectionAttempt = BitConverter.ToUInt64(payload.Span);
                break;
            default:
                throw new IOException($"The buffer holds a record of kind {kind}, made by a newer version of this library.");
        }
    }

    private enum RecordKind : byte
    {
        State = 1,
        SequencesReserved = 2,
        Fix = 3,
        Acknowledged = 4,
        Action = 5,
        ActionAnswered = 6,
        CommandHandled = 7,
        ConnectionAttempt = 8,
    }
}
