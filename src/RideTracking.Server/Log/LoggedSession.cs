using RideTracking.Engine.Ingest;

namespace RideTracking.Server.Log;

/// <summary>One of a driver's sessions as the log has it. Not thread-safe: its <see cref="LoggedDriver"/> holds the lock.</summary>
internal sealed class LoggedSession(string id)
{
    /// <summary>More than any app may send again.</summary>
    public const int MostResendable = 10_000;

    // What was told to a connection that has just died was not heard; what was told before that was.
    private static readonly long HeardAfterMs = (long)SessionVerdicts.HeardAfter.TotalMilliseconds;

    // After so long an app has heard where its session ends, and sends nothing from before that again.
    private const long ContentsKeptMs = 3_600_000;

    // What waited so long for the log may have come to another node meanwhile, which asks for all of it when the store is back.
    private const long LateMs = 10_000;

    // A quarter of an hour of it, at a fix a second.
    private const int MostLate = 1_024;

    private SequenceWindow? _contents;
    private long _loggedAtUnixMs;
    private long _lateAtUnixMs;

    // 0 until its first fix since a checkpoint was read.
    private int _resendable;
    private List<(SequencedVerdict Rejection, long LoggedAtUnixMs)>? _rejections;

    /// <summary>Its name.</summary>
    public string Id => id;

    /// <summary>The highest sequence of which the log knows what has become.</summary>
    public ulong Through { get; private set; }

    /// <summary>A fix of it is in the log, or its rejection. One that is known already changes nothing.</summary>
    /// <param name="logged">What.</param>
    /// <param name="loggedAtUnixMs">When, by the area's time.</param>
    public void Take(in LoggedFix logged, long loggedAtUnixMs)
    {
        var sequence = logged.Fix.Sequence;
        if (sequence <= Through)
        {
            return;
        }

        var resendable = logged.Connection.Resendable;
        if (logged.Outcome != FixOutcome.Rejected && loggedAtUnixMs - logged.Fix.FixedAtUnixMs > LateMs)
        {
            _lateAtUnixMs = loggedAtUnixMs;
            resendable = _contents is { IsFull: true, Capacity: < MostLate } ? _contents.Capacity * 2 : resendable;
        }

        if (_contents is null || _contents.Capacity < resendable)
        {
            _contents = new SequenceWindow(Through, resendable, Contents());
        }

        _resendable = Math.Max(_resendable, logged.Connection.Resendable);
        _contents.Observe(sequence, logged.ContentHash);
        (Through, _loggedAtUnixMs) = (sequence, loggedAtUnixMs);
        if (logged.Outcome == FixOutcome.Rejected)
        {
            Add(new SequencedVerdict(sequence, logged.Verdict), loggedAtUnixMs);
        }
    }

    /// <summary>Lets go of what is not asked for any more.</summary>
    public void Trim(long nowUnixMs)
    {
        ForgetHeard(nowUnixMs);
        if (nowUnixMs - _loggedAtUnixMs > ContentsKeptMs)
        {
            _contents = null;
        }
        else if (nowUnixMs - _lateAtUnixMs > HeardAfterMs && _resendable > 0 && _contents?.Capacity > _resendable)
        {
            _contents = new SequenceWindow(Through, _resendable, Contents());
        }
    }

    /// <summary>The rejections of which the app may not have heard.</summary>
    public IReadOnlyList<SequencedVerdict> RejectionsAt(long nowUnixMs)
    {
        ForgetHeard(nowUnixMs);
        return _rejections is null ? [] : [.. _rejections.Select(r => r.Rejection)];
    }

    /// <summary>What the last fixes were, in rising order.</summary>
    public List<SequenceContent> Contents()
    {
        List<SequenceContent> contents = [];
        _contents?.CopyTo(contents, 0, Through);
        return contents;
    }

    /// <summary>As a checkpoint keeps it.</summary>
    public void Write(ref PackedWriter writer, long nowUnixMs)
    {
        writer.Text(id);
        writer.Unsigned(Through);
        writer.Signed(_loggedAtUnixMs);
        ForgetHeard(nowUnixMs);
        writer.Unsigned((ulong)(_rejections?.Count ?? 0));
        foreach (var ((sequence, verdict), at) in _rejections ?? [])
        {
            writer.Unsigned(Through - sequence);
            writer.Rejection(verdict);
            writer.Signed(at);
        }

        var contents = Contents();
        writer.Unsigned((ulong)contents.Count);
        writer.Unsigned((ulong)(_contents?.Capacity ?? 0));
        foreach (var (sequence, hash) in contents)
        {
            writer.Unsigned(Through - sequence);
            writer.Int32((int)hash);
        }
    }

    /// <summary>Bytes that <see cref="Write"/> may take at the most.</summary>
    public int MaxBytes() => (3 * id.Length) + 70 + ((_rejections?.Count ?? 0) * (20 + PackedWriter.RejectionBytes)) + ((_contents?.Capacity ?? 0) * 14);

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    public static LoggedSession Read(ref PackedReader reader)
    {
        var session = new LoggedSession(reader.Text()) { Through = reader.Unsigned(), _loggedAtUnixMs = reader.Signed() };
        for (var left = reader.Unsigned(); left > 0; left--)
        {
            var sequence = session.Through - reader.Unsigned();
            session.Add(new SequencedVerdict(sequence, reader.Rejection()), reader.Signed());
        }

        var count = reader.Unsigned();
        var capacity = (int)Math.Min(reader.Unsigned(), MostResendable);
        List<SequenceContent> contents = [];
        for (; count > 0; count--)
        {
            contents.Add(new SequenceContent(session.Through - reader.Unsigned(), (uint)reader.Int32()));
        }

        session._contents = capacity > 0 ? new SequenceWindow(session.Through, capacity, contents) : null;
        return session;
    }

    private void Add(SequencedVerdict rejection, long loggedAtUnixMs)
    {
        ForgetHeard(loggedAtUnixMs);
        (_rejections ??= []).Add((rejection, loggedAtUnixMs));
        if (_rejections.Count > SessionVerdicts.MaxTold)
        {
            _rejections.RemoveAt(0);
        }
    }

    private void ForgetHeard(long nowUnixMs)
    {
        if (_rejections is not null && _rejections.RemoveAll(r => nowUnixMs - r.LoggedAtUnixMs > HeardAfterMs) > 0 && _rejections.Count == 0)
        {
            _rejections = null;
        }
    }
}
