namespace RideTracking.Server.Log;

/// <summary>By which number a writer names a carrier's fixes in a segment. It stays through every attempt to write, since a lost reply may hide that one of them has told it.</summary>
/// <param name="Writer">The writer.</param>
/// <param name="Segment">The segment.</param>
/// <param name="Epoch">The carrier's claim: under another one it is opened anew.</param>
/// <param name="Number">From 1, of this writer in this segment.</param>
internal readonly record struct LogOpening(string Writer, long Segment, long Epoch, ulong Number)
{
    /// <summary>Whether the segment has it: fixes may follow that name nothing but the number.</summary>
    public bool IsWritten { get; init; }

    /// <summary>Whether it is of these.</summary>
    public bool IsOf(string writer, long segment, long epoch) => Number != 0 && Segment == segment && Epoch == epoch && Writer == writer;
}
