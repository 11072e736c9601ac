using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace RideTracking.Engine.Roads.Osm;

/// <summary>
/// The blocks of an .osm.pbf file, unpacked one after the other (https://wiki.openstreetmap.org/wiki/PBF_Format). The
/// format's own limits are kept to, so a file asks for 64 MiB at most at a time, whatever its bytes say.
/// </summary>
internal sealed class OsmBlobs
{
    private const int MaxHeaderBytes = 64 * 1024;
    private const int MaxBlobBytes = 32 * 1024 * 1024;

    private readonly Stream _file;
    private byte[] _packed = [];
    private byte[] _unpacked = [];
    private bool _hasHeader;

    /// <param name="file">At its start.</param>
    public OsmBlobs(Stream file) => _file = file;

    /// <summary>Bytes read so far.</summary>
    public long Position { get; private set; }

    /// <summary>Where in the file the block starts that was read last.</summary>
    public long BlockOffset { get; private set; }

    /// <summary>The next block of data, good until the one after it; false at the end of the file.</summary>
    /// <exception cref="RoadFileException">The file is broken, or of another kind.</exception>
    public bool TryNext(out ReadOnlySpan<byte> block)
    {
        while (true)
        {
            BlockOffset = Position;
            if (!TryReadBlob(out string type, out block))
            {
                return _hasHeader ? false : throw new RoadFileException("The file is empty.");
            }

            if (!_hasHeader)
            {
                if (type != "OSMHeader")
                {
                    throw RoadFileException.At(BlockOffset, $"it starts with a block '{Shown(type)}' instead of 'OSMHeader'; is it an .osm.pbf file?");
                }

                CheckHeader(new ProtobufReader(block, BlockOffset));
                _hasHeader = true;
            }
            else if (type == "OSMData")
            {
                return true;
            }
        }
    }

    private bool TryReadBlob(out string type, out ReadOnlySpan<byte> block)
    {
        type = "";
        block = default;
        Span<byte> prefix = stackalloc byte[4];
        int read = _file.ReadAtLeast(prefix, 4, throwOnEndOfStream: false);
        if (read == 0)
        {
            return false;
        }

        Position += read;
        if (read < 4)
        {
            throw CutShort("the length of a block's header");
        }

        uint headerBytes = BinaryPrimitives.ReadUInt32BigEndian(prefix);
        if (headerBytes is 0 or > MaxHeaderBytes)
        {
            throw RoadFileException.At(
                BlockOffset, $"a block's header would have {headerBytes} bytes, from 1 to {MaxHeaderBytes} are allowed; is it an .osm.pbf file?");
        }

        var header = new ProtobufReader(Read((int)headerBytes, "a block's header"), BlockOffset);
        int blobBytes = -1;
        while (header.NextField() is var field and not 0)
        {
            switch (field)
            {
                case 1:
                    type = Encoding.UTF8.GetString(header.ReadBytes());
                    break;
                case 3:
                    blobBytes = header.ReadCount();
                    break;
                default:
                    header.Skip();
                    break;
            }
        }

        if (blobBytes is < 0 or > MaxBlobBytes)
        {
            throw RoadFileException.At(BlockOffset, $"a block would have {blobBytes} bytes, up to {MaxBlobBytes} are allowed.");
        }

        block = Unpack(Read(blobBytes, "a block"));
        return true;
    }

    private ReadOnlySpan<byte> Unpack(ReadOnlySpan<byte> blob)
    {
        var message = new ProtobufReader(blob, BlockOffset);
        ReadOnlySpan<byte> raw = default, zlib = default;
        int rawBytes = -1;
        bool isRaw = false, isZlib = false;
        while (message.NextField() is var field and not 0)
        {
            switch (field)
            {
                case 1:
                    raw = message.ReadBytes();
                    isRaw = true;
                    break;
                case 2:
                    rawBytes = message.ReadCount();
                    break;
                case 3:
                    zlib = message.ReadBytes();
                    isZlib = true;
                    break;
                case 4 or 5 or 6 or 7:
                    string packing = field switch { 4 => "lzma", 5 => "bzip2", 6 => "lz4", _ => "zstd" };
                    throw RoadFileException.At(BlockOffset, $"a block is packed by {packing}; only zlib is read. Convert the file: osmium cat -f pbf.");
                default:
                    message.Skip();
                    break;
            }
        }

        if (isRaw)
        {
            return raw;
        }

        if (!isZlib || rawBytes is < 0 or > MaxBlobBytes)
        {
            throw RoadFileException.At(BlockOffset, $"a block has no data, or says that it unpacks to {rawBytes} bytes; up to {MaxBlobBytes} are allowed.");
        }

        return Inflate(zlib, rawBytes);
    }

    private ReadOnlySpan<byte> Inflate(ReadOnlySpan<byte> zlib, int rawBytes)
    {
        if (_unpacked.Length < rawBytes)
        {
            _unpacked = new byte[rawBytes];
        }

        try
        {
            using var stream = new ZLibStream(new MemoryStream(zlib.ToArray()), CompressionMode.Decompress);
            int read = stream.ReadAtLeast(_unpacked.AsSpan(0, rawBytes), rawBytes, throwOnEndOfStream: false);
            if (read < rawBytes || stream.ReadByte() >= 0)
            {
                throw RoadFileException.At(BlockOffset, $"a block unpacks to {(read < rawBytes ? read : "more")} bytes instead of {rawBytes}.");
            }
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            // The stream is memory: an IOException is zlib's own.
            throw new RoadFileException($"At byte {BlockOffset} of the file: a block cannot be unpacked.", e);
        }

        return _unpacked.AsSpan(0, rawBytes);
    }

    private void CheckHeader(ProtobufReader header)
    {
        while (header.NextField() is var field and not 0)
        {
            if (field != 4)
            {
                header.Skip();
            }
            else if (Encoding.UTF8.GetString(header.ReadBytes()) is var feature && feature is not ("OsmSchema-V0.6" or "DenseNodes"))
            {
                throw RoadFileException.At(BlockOffset, $"the file needs a reader that knows '{Shown(feature)}', which this one does not.");
            }
        }
    }

    private ReadOnlySpan<byte> Read(int count, string what)
    {
        // Grows with what is there, not with what the file says is there.
        int read = 0;
        while (read < count)
        {
            if (_packed.Length == read)
            {
                Array.Resize(ref _packed, Math.Min(count, Math.Max(1 << 20, 2 * _packed.Length)));
            }

            int next = _file.Read(_packed, read, Math.Min(count, _packed.Length) - read);
            if (next == 0)
            {
                throw CutShort($"{what} of {count} bytes");
            }

            read += next;
            Position += next;
        }

        return _packed.AsSpan(0, count);
    }

    private RoadFileException CutShort(string what) => RoadFileException.At(BlockOffset, $"the file ends within {what}, after {Position} bytes; is it cut short?");

    // What a stranger's file says, fit for a log.
    private static string Shown(string text) => new([.. text.Take(40).Select(each => char.IsControl(each) ? '?' : each)]);
}
