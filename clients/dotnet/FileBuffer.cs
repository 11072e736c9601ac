using System.Buffers.Binary;
using System.Numerics;

namespace RideTracking.Client;

/// <summary>
/// An append-only file of records: length of the payload (4 bytes), CRC-32C of kind and payload (4), kind (1), payload;
/// little-endian. Reading stops at the first record that is cut off or damaged, and the file is cut there. Not
/// thread-safe; one process at a time.
/// </summary>
internal sealed class FileBuffer : IDisposable
{
    /// <summary>Bytes that a record takes beside its payload.</summary>
    public const int RecordOverhead = 9;

    private const int MaxPayload = 1 << 20;

    private readonly string _path;
    private FileStream _file;
    private byte[] _scratch = new byte[256];

    private FileBuffer(string path, FileStream file) => (_path, _file) = (path, file);

    /// <summary>Bytes in the file.</summary>
    public long Length { get; private set; }

    /// <summary>Damaged or cut-off bytes that <see cref="Open"/> removed from the end.</summary>
    public long DiscardedBytes { get; private set; }

    /// <summary>Opens or creates the file and gives each whole record to <paramref name="read"/>, oldest first.</summary>
    /// <exception cref="IOException">The file cannot be opened, or another process has it open.</exception>
    public static FileBuffer Open(string path, Action<byte, ReadOnlyMemory<byte>> read)
    {
        // A rewrite that was interrupted before it took the file's place.
        File.Delete(RewritePath(path));
        var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        try
        {
            var buffer = new FileBuffer(path, file);
            buffer.ReadAll(read);
            return buffer;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Appends a record; with <paramref name="toDisk"/> it is on the disk when this returns (fsync), else with the operating system.</summary>
    /// <exception cref="IOException">The disk is full or gone; the file is as it was before.</exception>
    public void Append(byte kind, ReadOnlySpan<byte> payload, bool toDisk)
    {
        try
        {
            Write(_file, kind, payload);
            if (toDisk)
                _file.Flush(flushToDisk: true);
            Length += RecordOverhead + payload.Length;
        }
        catch (IOException)
        {
            // Half a record would hide everything that is appended after it.
            _file.SetLength(Length);
            _file.Position = Length;
            throw;
        }
    }

    /// <summary>Puts the given records in the place of all others: a crash leaves either the old ones or the new ones.</summary>
    public void Rewrite(IEnumerable<(byte Kind, byte[] Payload)> records)
    {
        var fresh = new FileStream(RewritePath(_path), FileMode.Create, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        try
        {
            var buffered = new BufferedStream(fresh, 64 * 1024);
            foreach (var (kind, payload) in records)
                Write(buffered, kind, payload);
            buffered.Flush();
            fresh.Flush(flushToDisk: true);
            File.Move(RewritePath(_path), _path, overwrite: true);
        }
        catch
        {
            fresh.Dispose();
            throw;
        }
        _file.Dispose();
        _file = fresh;
        Length = fresh.Length;
    }

    public void Dispose() => _file.Dispose();

    private static string RewritePath(string path) => path + ".new";

    private void Write(Stream file, byte kind, ReadOnlySpan<byte> payload)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(payload.Length, MaxPayload);
        var size = RecordOverhead + payload.Length;
        if (_scratch.Length < size)
            _scratch = new byte[size];
        var record = _scratch.AsSpan(0, size);
        BinaryPrimitives.WriteInt32LittleEndian(record, payload.Length);
        record[8] = kind;
        payload.CopyTo(record[RecordOverhead..]);
        BinaryPrimitives.WriteUInt32LittleEndian(record[4..], Checksum(record[8..]));
        file.Write(record);
    }

    private void ReadAll(Action<byte, ReadOnlyMemory<byte>> read)
    {
        var bytes = new byte[_file.Length];
        _file.ReadExactly(bytes);
        var good = 0;
        while (bytes.Length - good >= RecordOverhead)
        {
            var record = bytes.AsMemory(good);
            var length = BinaryPrimitives.ReadInt32LittleEndian(record.Span);
            if (length is < 0 or > MaxPayload || length > record.Length - RecordOverhead)
                break;
            record = record[..(RecordOverhead + length)];
            if (BinaryPrimitives.ReadUInt32LittleEndian(record.Span[4..]) != Checksum(record.Span[8..]))
                break;
            read(record.Span[8], record[RecordOverhead..]);
            good += record.Length;
        }
        DiscardedBytes = bytes.Length - good;
        Length = good;
        _file.SetLength(good);
        _file.Position = good;
    }

    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        for (; bytes.Length >= 8; bytes = bytes[8..])
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        foreach (var value in bytes)
            crc = BitOperations.Crc32C(crc, value);
        return ~crc;
    }
}
