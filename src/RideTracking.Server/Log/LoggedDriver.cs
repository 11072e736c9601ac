using RideTracking.Engine.Ingest;

namespace RideTracking.Server.Log;

/// <summary>What the log has of a driver: the present place, and where the last sessions end. Thread-safe.</summary>
internal sealed class LoggedDriver(string driverId)
{
    // Whoever makes up sessions is told of the older ones to send again what it holds.
    private const int MaxSessions = 4;

    private readonly Lock _lock = new();
    private readonly List<LoggedSession> _sessions = new(1);
    private Fix _present;
    private string? _presentSession;

    /// <summary>The driver.</summary>
    public string DriverId => driverId;

    /// <summary>The last accepted fix; null when none was.</summary>
    public Fix? Present
    {
        get
        {
            lock (_lock)
            {
                return _presentSession is null ? null : _present;
            }
        }
    }

    /// <summary>A fix, or a rejection, is in the log. Twice, late, and in another order than it was written, it changes nothing that is newer.</summary>
    public void Take(in LoggedFix logged, long loggedAtUnixMs)
    {
        lock (_lock)
        {
            SessionOf(logged.SessionId).Take(logged, loggedAtUnixMs);
            if ((logged.Outcome == FixOutcome.Accepted && (_presentSession is null || logged.Fix.FixedAtUnixMs >= _present.FixedAtUnixMs))
                || (logged.Outcome == FixOutcome.HistoryOnly && _presentSession is null))
            {
                (_present, _presentSession) = (logged.Fix, logged.SessionId);
            }
        }
    }

    /// <summary>What a claim finds of a session.</summary>
    /// <param name="claim">The claim.</param>
    /// <param name="sessionId">The session.</param>
    /// <param name="nowUnixMs">By the area's time.</param>
    public ConnectionClaim Resume(DriverClaim claim, string sessionId, long nowUnixMs)
    {
        lock (_lock)
        {
            var session = _sessions.Find(s => s.Id == sessionId);
            return new ConnectionClaim(
                claim, session?.Through ?? 0, _presentSession is null ? null : _present, _presentSession, session?.RejectionsAt(nowUnixMs) ?? [], session?.Contents() ?? []);
        }
    }

    /// <summary>Lets go of what no claim asks for any more.</summary>
    public void Trim(long nowUnixMs)
    {
        lock (_lock)
        {
            _sessions.ForEach(session => session.Trim(nowUnixMs));
        }
    }

    /// <summary>As a checkpoint keeps it.</summary>
    /// <param name="buffer">Made larger where it is too small.</param>
    /// <param name="length">How much of it is written already, and is then.</param>
    /// <param name="nowUnixMs">By the area's time.</param>
    public void Write(ref byte[] buffer, ref int length, long nowUnixMs)
    {
        lock (_lock)
        {
            var most = length + (3 * driverId.Length) + PackedFix.MaxBytes + 60 + (3 * (_presentSession?.Length ?? 0)) + _sessions.Sum(s => s.MaxBytes());
            if (buffer.Length < most)
            {
                Array.Resize(ref buffer, most * 2);
            }

            var writer = new PackedWriter(buffer.AsSpan(length));
            writer.Text(driverId);
            writer.Text(_presentSession ?? "");
            if (_presentSession is not null)
            {
                PackedFix.Write(ref writer, _present, 0);
            }

            writer.Unsigned((ulong)_sessions.Count);
            foreach (var session in _sessions)
            {
                session.Write(ref writer, nowUnixMs);
            }

            length += writer.Length;
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="InvalidDataException">It was damaged.</exception>
    public static LoggedDriver Read(ref PackedReader reader)
    {
        var driver = new LoggedDriver(reader.Text());
        if (reader.Text() is { Length: > 0 } presentSession)
        {
            (driver._present, driver._presentSession) = (PackedFix.Read(ref reader, 0), presentSession);
        }

        for (var left = reader.Unsigned(); left > 0; left--)
        {
            driver._sessions.Add(LoggedSession.Read(ref reader));
        }

        return driver;
    }

    // The newest comes first.
    private LoggedSession SessionOf(string sessionId)
    {
        if (_sessions.Count > 0 && _sessions[0].Id == sessionId)
        {
            return _sessions[0];
        }

        var at = _sessions.FindIndex(s => s.Id == sessionId);
        var session = at < 0 ? new LoggedSession(sessionId) : _sessions[at];
        if (at >= 0)
        {
            _sessions.RemoveAt(at);
        }
        else if (_sessions.Count == MaxSessions)
        {
            _sessions.RemoveAt(MaxSessions - 1);
        }

        _sessions.Insert(0, session);
        return session;
    }
}
