using System.Diagnostics;
using RideTracking.Server.Tests.Fixtures;

namespace RideTracking.Server.Tests.Hosting;

/// <summary>No file of the repository holds both sides of a merge that nobody finished.</summary>
public sealed class ConflictMarkerTests
{
    // Composed, so that this file holds none at the beginning of a line.
    private static readonly string Ours = new('<', 7);
    private static readonly string Base = new('|', 7);
    private static readonly string Between = new('=', 7);
    private static readonly string Theirs = new('>', 7);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_file_that_git_tracks_has_a_conflict_marker()
    {
        var root = Repository.PathOf("");
        if (!Path.Exists(Path.Combine(root, ".git")))
        {
            Assert.Skip("Not a clone: git does not say here which files are the repository's.");
        }

        var tracked = await TrackedAsync(root);
        Assert.Contains("ride-tracking.sln", tracked);
        var found = new List<string>();
        // What is deleted and not committed yet is tracked, too.
        foreach (var file in tracked.Where(file => File.Exists(Path.Combine(root, file))))
        {
            var lines = await File.ReadAllLinesAsync(Path.Combine(root, file), Cancel);
            found.AddRange(MarkersIn(lines).Select(number => $"{file}:{number}: {lines[number - 1]}"));
        }

        Assert.Empty(found);
    }

    [Fact]
    public void Each_line_of_a_conflict_is_found_and_a_heading_underlined_is_none()
    {
        Assert.Equal([2, 4, 6], MarkersIn(["a", $"{Ours} HEAD", "b", Between, "c", $"{Theirs} 1234567 (d)", "e"]));
        Assert.Equal([1, 2, 3, 4], MarkersIn([$"{Ours} HEAD", $"{Base} base", Between, $"{Theirs} topic"]));
        Assert.Equal([1], MarkersIn([$"{Theirs} what a hasty hand left"]));
        Assert.Empty(MarkersIn(["Heading", Between, $" {Ours} quoted", $"{Theirs}>", "a"]));
    }

    /// <summary>The numbers of lines, from 1, that are markers of a conflict.</summary>
    private static IEnumerable<int> MarkersIn(string[] lines)
    {
        var open = false;
        for (var i = 0; i < lines.Length; i++)
        {
            var opens = lines[i].StartsWith(Ours + ' ', StringComparison.Ordinal);
            var closes = lines[i].StartsWith(Theirs + ' ', StringComparison.Ordinal);
            if (opens || closes || (open && (lines[i] == Between || lines[i].StartsWith(Base, StringComparison.Ordinal))))
            {
                yield return i + 1;
            }

            open = (open || opens) && !closes;
        }
    }

    private static async Task<string[]> TrackedAsync(string root)
    {
        // A clone of another user's may be tested: only names are asked for.
        var start = new ProcessStartInfo("git", ["-c", $"safe.directory={root.TrimEnd('/')}", "ls-files", "-z"])
        {
            WorkingDirectory = root,
            RedirectStandardOutput = true,
        };
        using var git = Process.Start(start)!;
        var listed = await git.StandardOutput.ReadToEndAsync(Cancel);
        await git.WaitForExitAsync(Cancel);
        Assert.Equal(0, git.ExitCode);
        return listed.Split('\0', StringSplitOptions.RemoveEmptyEntries);
    }
}
