namespace RideTracking.Server.Store;

/// <summary>How far the embedded store had got at least, in a file beside it that a damage of its own files leaves alone.</summary>
internal sealed class StoreProgress(string folder)
{
    private readonly string _file = Path.Combine(folder, "progress");

    /// <summary>What was noted last; before the first when nothing was.</summary>
    public Applied Read() => File.Exists(_file) ? Applied.Parse(File.ReadAllText(_file)) : default;

    /// <summary>Notes it; whoever is killed meanwhile leaves what was noted before.</summary>
    public void Write(Applied applied)
    {
        var next = _file + ".next";
        File.WriteAllText(next, applied.ToString());
        File.Move(next, _file, overwrite: true);
    }
}
