namespace RideTracking.Server.Store;

/// <summary>How far the embedded store had got at least, in a file beside its own that a damage of these leaves alone.</summary>
internal sealed class StoreProgress(string folder)
{
    /// <summary>What it is called.</summary>
    public const string FileName = "progress";

    private readonly string _file = Path.Combine(folder, FileName);

    /// <summary>Whether it was ever noted.</summary>
    public bool IsNoted => File.Exists(_file);

    /// <summary>What was noted last; before the first when nothing was.</summary>
    public Applied Read() => IsNoted ? Applied.Parse(File.ReadAllText(_file)) : default;

    /// <summary>Notes it; whoever is killed meanwhile leaves what was noted before.</summary>
    public void Write(Applied applied)
    {
        var next = _file + ".next";
        File.WriteAllText(next, applied.ToString());
        File.Move(next, _file, overwrite: true);
    }
}
