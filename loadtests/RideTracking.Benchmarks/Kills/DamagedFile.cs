using RideTracking.Server.Store;

namespace RideTracking.Benchmarks.Kills;

/// <summary>What is done to the file.</summary>
internal enum DamageKind
{
    /// <summary>It ends there.</summary>
    Cut,

    /// <summary>It is zeros from there on.</summary>
    Zeroed,

    /// <summary>Some bytes there are others.</summary>
    Changed,
}

/// <summary>A damage.</summary>
internal readonly record struct Damage(DamageKind Kind, long At);

/// <summary>The append-only file of a store that does not run, to be damaged.</summary>
internal sealed class DamagedFile
{
    private const int FirstEntry = 64;

    private readonly DirectoryInfo _folder;
    private readonly string _name;

    private DamagedFile(DirectoryInfo folder, string name, IReadOnlyList<long> ends) => (_folder, _name, Ends) = (folder, name, ends);

    /// <summary>Where its entries end.</summary>
    public IReadOnlyList<long> Ends { get; }

    public static DamagedFile Of(DirectoryInfo folder)
    {
        var file = new AppendOnlyFile(folder.FullName);
        var ends = new List<long>();
        file.FindDamage(default, ends.Add);
        return new DamagedFile(folder, Path.GetRelativePath(folder.FullName, file.Files.Single().FullName), ends);
    }

    /// <summary>Damages: half of them at the end of an entry.</summary>
    public IEnumerable<Damage> Damages(Random chance, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var at = chance.Next(2) == 0 ? Ends[chance.Next(Ends.Count)] : chance.NextInt64(FirstEntry, Ends[^1]);
            yield return new Damage((DamageKind)(i % 3), at);
        }
    }

    /// <summary>A copy of everything with the damage in it.</summary>
    public DirectoryInfo Damaged(Damage damage)
    {
        var copy = Directory.CreateTempSubdirectory("damaged-");
        foreach (var file in _folder.EnumerateFiles("*", SearchOption.AllDirectories))
        {
            var to = Path.Combine(copy.FullName, Path.GetRelativePath(_folder.FullName, file.FullName));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            file.CopyTo(to);
        }

        using var stream = new FileStream(Path.Combine(copy.FullName, _name), FileMode.Open);
        var length = stream.Length;
        switch (damage.Kind)
        {
            case DamageKind.Cut:
                stream.SetLength(damage.At);
                break;
            case DamageKind.Zeroed:
                stream.SetLength(damage.At);
                stream.SetLength(length);
                break;
            default:
                stream.Position = damage.At;
                stream.Write("damage"u8);
                break;
        }

        return copy;
    }
}
