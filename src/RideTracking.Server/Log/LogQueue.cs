using RideTracking.Engine.Index;
using RideTracking.Engine.Ingest;

namespace RideTracking.Server.Log;

/// <summary>
/// The fixes on their way to the log: those that wait, the batch that is being written, and who waits until they are settled, which is in the log or
/// forgotten. Bounded by <see cref="LogOptions.MaxWaitingFixes"/> and a batch. Thread-safe, but for the batch, which is the log's loop's own.
/// </summary>
internal sealed class LogQueue(LogOptions options, LogMetrics metrics)
{
    private readonly Lock _lock = new();
    private readonly WaitingFixes _waiting = new(options.MaxWaitingFixes);
    private readonly LogRecord[] _batch = new LogRecord[options.MaxBatchFixes];
    private readonly HashSet<Carrier> _broken = [];
    private readonly FlushWaits _flushes = new();
    private readonly FlushWaits _settles = new();
    private int _taken;
    private long _appended;
    private long _settled;

    /// <summary>How many wait, beside the batch.</summary>
    public int Waiting => _waiting.Count;

    /// <summary>Whether none waits.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (_lock)
            {
                return _waiting.Count == 0;
            }
        }
    }

    /// <summary>Whether the batch is not to wait for more: it would be full, or somebody waits for it.</summary>
    public bool IsDue
    {
        get
        {
            lock (_lock)
            {
                return _waiting.Count >= _batch.Length || !_flushes.IsEmpty;
            }
        }
    }

    /// <summary>What is being written; empty for nothing.</summary>
    public Memory<LogRecord> Batch => _batch.AsMemory(0, _taken);

    /// <summary>A fix, or its rejection, waits from now on. Full, the oldest is forgotten for it.</summary>
    /// <param name="carrier">Who brings it.</param>
    /// <param name="fix">The fix.</param>
    /// <param name="verdict">What the gate says of it.</param>
    /// <param name="status">What the driver does.</param>
    /// <param name="isFull">Whether with this one a batch is full.</param>
    /// <returns>False when it is dropped: the log waits for the app to begin again, or another connection has the driver.</returns>
    public bool Add(Carrier carrier, in Fix fix, in FixVerdict verdict, DriverStatus status, out bool isFull)
    {
        lock (_lock)
        {
            isFull = false;
            if (carrier.IsLost)
            {
                return false;
            }

            if (_waiting.IsFull)
            {
                ForgetOldest();
            }

            if (!carrier.Ledger.Append(fix, verdict, out var run))
            {
                return false;
            }

            _waiting.Add(new LogRecord { Carrier = carrier, Fix = fix, Verdict = verdict, Status = status, Run = run });
            _appended++;
            isFull = _waiting.Count == _batch.Length;
            return true;
        }
    }

    /// <summary>The oldest that wait are the batch, which stays until it is settled.</summary>
    /// <returns>How full it is, 0 to 1; null when there is one already.</returns>
    public double? TakeBatch()
    {
        if (_taken > 0)
        {
            return null;
        }

        lock (_lock)
        {
            _taken = _waiting.Take(_batch);
            return (double)_taken / _batch.Length;
        }
    }

    /// <summary>The batch is in the log, but for what may not be.</summary>
    public void Settle()
    {
        Batch.Span.Clear();
        lock (_lock)
        {
            _settled += _taken;
            _flushes.Complete(_settled);
            _settles.Complete(_settled);
        }

        _taken = 0;
    }

    /// <summary>Completes once everything added so far is settled; the batch waits for no more meanwhile.</summary>
    public Task FlushedAsync() => SettledIn(_flushes);

    /// <summary>The same in the batches' own time: nobody is in a hurry.</summary>
    public Task SettledAsync() => SettledIn(_settles);

    /// <summary>
    /// What has no claim may not be written, and cannot be kept back without keeping back the others: it is forgotten, and the app asked for it once
    /// there is a claim.
    /// </summary>
    public void BreakUnclaimed()
    {
        lock (_lock)
        {
            foreach (ref readonly var record in Batch.Span)
            {
                if (record.Carrier is { IsClaimed: false, IsLost: false } carrier && Forget(carrier, record))
                {
                    metrics.Forgotten(1);
                }
            }
        }
    }

    /// <summary>Those of whom something was forgotten since this was asked last.</summary>
    public Carrier[] TakeBroken()
    {
        lock (_lock)
        {
            Carrier[] broken = [.. _broken];
            _broken.Clear();
            return broken;
        }
    }

    /// <summary>Of whom there is something, in the batch or waiting.</summary>
    public HashSet<Carrier> Carriers()
    {
        var carriers = new HashSet<Carrier>();
        foreach (ref readonly var record in Batch.Span)
        {
            if (record.Carrier is not null)
            {
                carriers.Add(record.Carrier);
            }
        }

        lock (_lock)
        {
            _waiting.ForEach(record => carriers.Add(record.Carrier));
        }

        return carriers;
    }

    private Task SettledIn(FlushWaits waits)
    {
        lock (_lock)
        {
            return _settled >= _appended ? Task.CompletedTask : waits.Add(_appended);
        }
    }

    private void ForgetOldest()
    {
        var forgotten = _waiting.TakeOldest();
        _settled++;
        _settles.Complete(_settled);
        metrics.Forgotten(1);
        Forget(forgotten.Carrier, forgotten);
    }

    // False for one that the app is asked for already, or that was settled otherwise.
    private bool Forget(Carrier carrier, in LogRecord record)
    {
        if (!carrier.Ledger.Forget(record.Fix.Sequence, record.Run))
        {
            return false;
        }

        _broken.Add(carrier);
        return true;
    }
}
