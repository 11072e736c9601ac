using System.Buffers.Binary;
using System.Globalization;

namespace RideTracking.Server.Store;

/// <summary>
/// Garnet's append-only file, as far as it must be known to see before a start what Garnet would not bear: it follows the lengths in
/// its entries wherever they lead, out of its memory too.
/// </summary>
/// <remarks>
/// As of Garnet 2.2.8: files of a gigabyte in pages of 2 MB, entries that begin with their length and never cross a page, and after each write a
/// mark of 40 bytes, by its length −40, that says up to where all is written. The newest mark, or an older one, is also in <c>log-commits</c>.
/// </remarks>
internal sealed class AppendOnlyFile(string folder)
{
    /// <summary>As Garnet is told.</summary>
    public const string PageSize = "2m";

    /// <inheritdoc cref="PageSize"/>
    public const string FileSize = "1g";

    private const int PageBytes = 2 << 20;
    private const long FileBytes = 1L << 30;
    private const int FirstEntry = 64;
    private const int LengthBytes = sizeof(int);
    private const int HeaderBytes = 16;
    private const int MarkLength = -40;
    private const int WrittenToInMark = 24;

    // Of the header: the format, a plain one; a transaction procedure, the first that was registered. Then how often there was a snapshot, and who called.
    private static ReadOnlySpan<byte> Header => [5, 0, 0x50, 0];

    /// <summary>The newest entry that is whole, of those before the first that is not.</summary>
    public Applied Whole { get; private set; }

    /// <summary>The newest entry that is whole.</summary>
    public Applied Newest { get; private set; }

    /// <summary>The files, in order.</summary>
    public FileInfo[] Files { get; } = [.. FilesIn(folder).OrderBy(NumberOf)];

    /// <summary>The files below a folder, in any order.</summary>
    public static FileInfo[] FilesIn(string folder) => new DirectoryInfo(folder).GetFiles("aof.log.*", SearchOption.AllDirectories);

    /// <summary>Finds the first entry that is not what was written.</summary>
    /// <param name="noted">How far it had got at least.</param>
    /// <param name="ended">Told the address at which each one ends, up to there.</param>
    /// <returns>Its address; null for none. What was being written when the process was killed is none.</returns>
    public long? FindDamage(Applied noted, Action<long>? ended = null)
    {
        long? broken = null;
        var writtenTo = WrittenToInCommits();
        var page = new byte[PageBytes];
        for (var start = 0L; TryRead(start, page); start += PageBytes)
        {
            var at = start == 0 ? FirstEntry : 0;
            for (var length = LengthAt(page, at); length != 0; length = LengthAt(page, at))
            {
                var entry = page.AsSpan(at + LengthBytes);
                var isInPage = length is > 0 or MarkLength && Math.Abs(length) <= entry.Length;
                if (!isInPage)
                {
                    return IsDamage(broken ?? start + at) ? broken ?? start + at : null;
                }

                if (length == MarkLength)
                {
                    writtenTo = Math.Max(writtenTo, start + at);
                }
                else if (!TryTake(entry[..length]))
                {
                    broken ??= start + at;
                }
                else if (broken is null)
                {
                    Whole = Newest;
                }

                at += LengthBytes + ((Math.Abs(length) + 3) & ~3);
                if (broken is null)
                {
                    ended?.Invoke(start + at);
                }
            }
        }

        return broken is { } address && IsDamage(address) ? broken : null;

        bool IsDamage(long address) => address < writtenTo || noted.Number > Whole.Number;
    }

    /// <summary>Ends the file at an address.</summary>
    public void CutAt(long address)
    {
        foreach (var file in Files)
        {
            var kept = Math.Max(0, address - (NumberOf(file) * FileBytes));
            if (kept < file.Length)
            {
                using var stream = file.OpenWrite();
                stream.SetLength(kept);
            }
        }
    }

    private static int LengthAt(byte[] page, int at) => at + LengthBytes <= page.Length ? BinaryPrimitives.ReadInt32LittleEndian(page.AsSpan(at)) : 0;

    private static long NumberOf(FileInfo file) => long.Parse(file.Name.AsSpan(file.Name.LastIndexOf('.') + 1), CultureInfo.InvariantCulture);

    // An entry of APPLY's: its header, how many parts there are, each with its length.
    private bool TryTake(ReadOnlySpan<byte> entry)
    {
        if (entry.Length < HeaderBytes + LengthBytes || !entry.StartsWith(Header))
        {
            return false;
        }

        var left = entry[(HeaderBytes + LengthBytes)..];
        var sum = default(EntryChecksum);
        for (var parts = BinaryPrimitives.ReadInt32LittleEndian(entry[HeaderBytes..]); parts > 0; parts--)
        {
            if (left.Length < LengthBytes || BinaryPrimitives.ReadInt32LittleEndian(left) is var length && (length < 0 || length > left.Length - LengthBytes))
            {
                return false;
            }

            sum.Add(left.Slice(LengthBytes, length));
            left = left[(LengthBytes + length)..];
        }

        if (left.Length > 0 || !sum.IsRight)
        {
            return false;
        }

        Newest = sum.Number > Newest.Number ? new Applied(sum.Number, sum.Milliseconds) : Newest;
        return true;
    }

    private bool TryRead(long start, byte[] page)
    {
        if (Array.Find(Files, f => NumberOf(f) == start / FileBytes) is not { } file || file.Length <= start % FileBytes)
        {
            return false;
        }

        using var stream = new FileStream(file.FullName, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        stream.Position = start % FileBytes;
        page.AsSpan(stream.ReadAtLeast(page, page.Length, throwOnEndOfStream: false)).Clear();
        return true;
    }

    private long WrittenToInCommits()
    {
        var marks = new DirectoryInfo(folder).GetFiles("commit.*", SearchOption.AllDirectories).Select(f => File.ReadAllBytes(f.FullName));
        return marks.Where(mark => mark.Length >= WrittenToInMark + sizeof(long)).Select(mark => BinaryPrimitives.ReadInt64LittleEndian(mark.AsSpan(WrittenToInMark))).DefaultIfEmpty().Max();
    }
}
