namespace RideTracking.Simulation.Checking;

/// <summary>A phone has a fix to tell.</summary>
internal sealed record FixMade(DateTimeOffset At, string DriverId, string Phone, ulong Sequence, uint Content, bool IsMock) : Entry(At)
{
    protected override string Text => $"{DriverId} {Phone} {Sequence} {Content:x} {(IsMock ? "made up" : "")}";
}

/// <summary>A phone was told what became of its fixes.</summary>
/// <param name="At">When.</param>
/// <param name="DriverId">Whose.</param>
/// <param name="Phone">Which; its buffer is the session.</param>
/// <param name="Through">All up to there are kept, or rejected and told; null where nothing was said of that.</param>
/// <param name="Rejected">Those of which it was told that they were rejected.</param>
/// <param name="ResendAfter">After which one it is to send again; null for none.</param>
internal sealed record FixesTold(DateTimeOffset At, string DriverId, string Phone, ulong? Through, ulong[] Rejected, ulong? ResendAfter) : Entry(At)
{
    protected override string Text => $"{DriverId} {Phone} through {Through} rejected [{string.Join(' ', Rejected)}] resend {ResendAfter}";
}

/// <summary>A phone was told by a claim where the log of its fixes ends.</summary>
internal sealed record SessionResumed(DateTimeOffset At, string DriverId, string Phone, long Epoch, ulong Through, ulong[] Rejected) : Entry(At)
{
    protected override string Text => $"{DriverId} {Phone} {Epoch} through {Through} rejected [{string.Join(' ', Rejected)}]";
}

/// <summary>What a phone still holds when all is over.</summary>
internal sealed record BufferShown(DateTimeOffset At, string DriverId, string Phone, bool IsSettled, ulong[] Held) : Entry(At)
{
    protected override string Text => $"{DriverId} {Phone} {(IsSettled ? "settled" : "not settled")} {string.Join(' ', Held)}";
}

/// <summary>A fix in the log, or the rejection of one.</summary>
internal sealed record LogRecordRead(string DriverId, string Session, ulong Sequence, uint Content, bool IsRejected, long Epoch)
{
    public override string ToString() => $"{DriverId} {Session} {Sequence} {Content:x} {(IsRejected ? "rejected" : "kept")} {Epoch}";
}

/// <summary>The log has another batch.</summary>
/// <param name="At">When.</param>
/// <param name="Look">Counts the scripts.</param>
/// <param name="Segment">In which segment.</param>
/// <param name="Number">Which one.</param>
/// <param name="Follows">Whether it names the one before as its predecessor.</param>
/// <param name="Writer">Who wrote it.</param>
/// <param name="Records">What is in it.</param>
internal sealed record BatchLogged(DateTimeOffset At, int Look, long Segment, ulong Number, bool Follows, string Writer, LogRecordRead[] Records) : StoreEntry(At, Look)
{
    protected override string Text => $"{Segment} {Number} {Writer}: {string.Join(", ", Records.AsEnumerable())}";
}

/// <summary>The store has this claim of a driver now.</summary>
internal sealed record DriverClaimed(DateTimeOffset At, int Look, string DriverId, long Epoch, string Writer) : StoreEntry(At, Look)
{
    protected override string Text => $"{DriverId} {Epoch} {Writer}";
}

/// <summary>Where a session ends, as a checkpoint has it.</summary>
internal sealed record SessionEnd(string DriverId, string Session, ulong Through)
{
    public override string ToString() => $"{DriverId} {Session} {Through}";
}

/// <summary>The store has another last checkpoint of the log.</summary>
/// <param name="At">When.</param>
/// <param name="Look">Counts the scripts.</param>
/// <param name="Number">Up to which batch it reaches.</param>
/// <param name="Segment">From the beginning of which the log goes on after it.</param>
/// <param name="IsWhole">Whether all its parts are there.</param>
/// <param name="Ends">Where it has each session end that ever was in the log.</param>
internal sealed record CheckpointStored(DateTimeOffset At, int Look, ulong Number, long Segment, bool IsWhole, SessionEnd[] Ends) : StoreEntry(At, Look)
{
    protected override string Text => $"{Number} {Segment} {(IsWhole ? "whole" : "not whole")}: {string.Join(", ", Ends.AsEnumerable())}";
}

/// <summary>A segment of the log has expired.</summary>
internal sealed record SegmentExpired(DateTimeOffset At, int Look, long Segment) : StoreEntry(At, Look)
{
    protected override string Text => $"{Segment}";
}

/// <summary>What the log holds when all is over.</summary>
internal sealed record LogShown(DateTimeOffset At, (string Session, ulong Sequence)[] Fixes) : Entry(At)
{
    protected override string Text => $"{Fixes.Length}";
}
