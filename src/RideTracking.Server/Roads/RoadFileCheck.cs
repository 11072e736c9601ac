using Microsoft.Extensions.Options;
using RideTracking.Server.Hosting;

namespace RideTracking.Server.Roads;

/// <summary>
/// Whether <see cref="RoadOptions.File"/> is what it should be, by how it begins, and what it is cut to: a mistyped path must not look like a city
/// without roads. What is broken farther on turns up only when it is read.
/// </summary>
internal sealed class RoadFileCheck : IValidateOptions<RoadOptions>
{
    // The length of the first block's header, then the header, whose first field is its type.
    private const int LengthBytes = 4;

    private static ReadOnlySpan<byte> Pbf => "\n\tOSMHeader"u8;

    private static ReadOnlySpan<byte> Gzip => [0x1F, 0x8B];

    private static ReadOnlySpan<byte> Bzip2 => "BZh"u8;

    public ValidateOptionsResult Validate(string? name, RoadOptions options)
    {
        var check = new OptionsCheck(RoadOptions.Section);
        if (options.File.Length > 0 && options.File != RoadOptions.Demo && FaultOf(options.File) is { } fault)
        {
            check.Add([$"File (--roads) is \"{options.File}\": {fault}"]);
        }

        if (options.CutTo.Length > 0 && RoadCut.FaultOf(options.CutTo) is { } cut)
        {
            check.Add([$"CutTo is \"{options.CutTo}\": {cut}"]);
        }

        return check.Result;
    }

    private static string? FaultOf(string path)
    {
        if (Directory.Exists(path))
        {
            return "that is a folder. Name the .osm.pbf file in it.";
        }

        if (!File.Exists(path))
        {
            return $"there is no such file{(Path.IsPathRooted(path) ? "" : $" in {Directory.GetCurrentDirectory()}")}. Name an OpenStreetMap extract (.osm.pbf), or demo for a made-up city.";
        }

        try
        {
            using var file = File.OpenRead(path);
            Span<byte> begin = stackalloc byte[LengthBytes + Pbf.Length];
            return FaultOf(path, begin[..file.ReadAtLeast(begin, begin.Length, throwOnEndOfStream: false)]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"it cannot be read ({e.Message.TrimEnd('.')}). Let the server read it.";
        }
    }

    private static string? FaultOf(string path, ReadOnlySpan<byte> begin)
    {
        if (begin.Length > LengthBytes && begin[LengthBytes..].StartsWith(Pbf))
        {
            return null;
        }

        if (begin.StartsWith(Gzip))
        {
            return path.EndsWith(".pbf.gz", StringComparison.OrdinalIgnoreCase)
                ? $"that is compressed with gzip. Unpack it: gunzip \"{path}\""
                : $"that is compressed with gzip. Convert it: {Conversion(path, "osm.gz")}";
        }

        if (begin.StartsWith(Bzip2))
        {
            return $"that is compressed with bzip2. Convert it: {Conversion(path, "osm.bz2")}";
        }

        return begin.IndexOf((byte)'<') is >= 0 and <= LengthBytes
            ? $"that is OpenStreetMap XML. Convert it: {Conversion(path, "osm")}"
            : "that is no OpenStreetMap extract. Name one in PBF form (.osm.pbf).";
    }

    private static string Conversion(string path, string format) => $"osmium cat -F {format} \"{path}\" -o city.osm.pbf";
}
