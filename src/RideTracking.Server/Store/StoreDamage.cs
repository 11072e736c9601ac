namespace RideTracking.Server.Store;

/// <summary>What the files of an embedded store have lost, in words.</summary>
internal static class StoreDamage
{
    /// <summary>Of one that was started; null when all is there that is known to have been written.</summary>
    public static async Task<string?> OfAsync(GarnetRun run)
    {
        var whole = await run.AppliedAsync();
        var noted = run.Folder.Progress.Read();
        var newest = noted.Number > run.Replay.Newest.Number ? noted : run.Replay.Newest;
        return !run.Replay.HasGap && newest.Number <= whole.Number && run.Faults.Count == 0 ? null : Describe(whole, newest, run.Faults);
    }

    /// <summary>Of one that is not started yet; null when Garnet can read it.</summary>
    public static (string Words, long At)? Of(LogFolder folder)
    {
        var noted = folder.Progress.Read();
        var file = new AppendOnlyFile(folder.Path);
        return file.FindDamage(noted) is { } at ? (Describe(file.Whole, noted.Number > file.Newest.Number ? noted : file.Newest, []), at) : null;
    }

    private static string Describe(Applied whole, Applied newest, IReadOnlyCollection<string> faults)
    {
        var lost = newest.Number > whole.Number ? $"{newest.Number - whole.Number} later writes, up to {newest.At:u}, are lost" : "how much came after it is not known";
        var found = (whole.Number == 0 ? "nothing of it is whole" : $"whole is what was written up to {whole.At:u}") + $" ({whole.Number} writes); {lost}";
        return faults.Count == 0 ? found : $"{found} ({string.Join("; ", faults)})";
    }
}
