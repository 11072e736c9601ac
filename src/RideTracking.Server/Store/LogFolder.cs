using System.Globalization;
using RideTracking.Server.Hosting;

namespace RideTracking.Server.Store;

/// <summary>
/// A folder <c>log-N</c> of the embedded store: one append-only file, and beside it how far it had got at least. Whichever has that
/// note and the highest number is the store; one without it was left by a copy that did not come to its end.
/// </summary>
internal sealed class LogFolder
{
    private const string Prefix = "log-";

    private readonly int _number;

    private LogFolder(string path, int number)
    {
        (Path, _number) = (path, number);
        Progress = new StoreProgress(path);
    }

    /// <summary>Where it is.</summary>
    public string Path { get; }

    /// <summary>How far it has got at least.</summary>
    public StoreProgress Progress { get; }

    /// <summary>How large the file was when all that the store held had been copied into it; 0 for the first, and where it is not known.</summary>
    public long CopiedBytes => File.Exists(CopiedFile) && long.TryParse(File.ReadAllText(CopiedFile), CultureInfo.InvariantCulture, out var bytes) ? bytes : 0;

    private string CopiedFile => System.IO.Path.Combine(Path, "copied");

    /// <summary>How large its append-only file is.</summary>
    public long Bytes => AppendOnlyFile.FilesIn(Path).Sum(f => f.Length);

    /// <summary>The folder that is the store, made when there is none yet.</summary>
    /// <exception cref="StartException">The store is of an earlier version of this program.</exception>
    /// <exception cref="StoreDamagedException">Which one is the store cannot be told.</exception>
    public static LogFolder Current(string store)
    {
        if (Directory.Exists(System.IO.Path.Combine(store, "AOF")))
        {
            throw new StartException(
                $"The embedded store in {store} is of an earlier version, which this one does not read: move the folder away and start with nothing, or go on with the earlier version.");
        }

        var all = All(store);
        if (all.FindLast(folder => folder.Progress.IsNoted) is not { } current)
        {
            return all.Count == 0
                ? First(store)
                : throw new StoreDamagedException(
                    $"The embedded store's files in {store} are damaged: {all[^1].Path} does not say how far it had got ({StoreProgress.FileName} is missing). "
                    + "Nothing was changed. Put a copy of the folder in its place that is whole.");
        }

        return current;
    }

    /// <summary>Deletes what a copy has left behind, before its end or after it.</summary>
    public void DeleteOthers()
    {
        foreach (var other in All(System.IO.Path.GetDirectoryName(Path)!).Where(folder => folder._number != _number))
        {
            other.Delete();
        }
    }

    /// <summary>An empty one for what comes after this. It is nothing before its progress is noted.</summary>
    public LogFolder Next()
    {
        var number = _number + 1;
        var next = new LogFolder(NameOf(System.IO.Path.GetDirectoryName(Path)!, number), number);
        next.Delete();
        Directory.CreateDirectory(next.Path);
        return next;
    }

    /// <summary>From now on it is the store: all that there was has been copied into it.</summary>
    public void Succeed(Applied applied)
    {
        File.WriteAllText(CopiedFile, Bytes.ToString(CultureInfo.InvariantCulture));
        Progress.Write(applied);
    }

    /// <summary>Deletes it, if it is there.</summary>
    public void Delete()
    {
        if (Directory.Exists(Path))
        {
            Directory.Delete(Path, recursive: true);
        }
    }

    // It must not be there without its note, which a start would take for damage.
    private static LogFolder First(string store)
    {
        var first = new LogFolder(NameOf(store, 1), 1);
        var made = Directory.CreateDirectory(System.IO.Path.Combine(store, "first"));
        new StoreProgress(made.FullName).Write(default);
        Directory.Move(made.FullName, first.Path);
        return first;
    }

    private static List<LogFolder> All(string store) =>
    [
        .. from path in Directory.GetDirectories(store, Prefix + "*")
           let number = int.TryParse(System.IO.Path.GetFileName(path).AsSpan(Prefix.Length), CultureInfo.InvariantCulture, out var n) ? n : 0
           where number > 0
           orderby number
           select new LogFolder(path, number),
    ];

    private static string NameOf(string store, int number) => System.IO.Path.Combine(store, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{number}"));
}
