namespace RideTracking.Server.Store;

/// <summary>What the files of an embedded store have lost.</summary>
internal static class StoreDamage
{
    /// <summary>In words; null when all is there that is known to have been written.</summary>
    public static async Task<string?> OfAsync(GarnetRun run)
    {
        var whole = await run.AppliedAsync();
        var noted = run.Folder.Progress.Read();
        var newest = noted.Number > run.Replay.Newest.Number ? noted : run.Replay.Newest;
        if (!run.Replay.HasGap && newest.Number <= whole.Number && run.Faults.Count == 0)
        {
            return null;
        }

        var lost = newest.Number > whole.Number ? $"{newest.Number - whole.Number} later writes, up to {newest.At:u}, are lost" : "how much came after it is not known";
        var found = (whole.Number == 0 ? "nothing of it is whole" : $"whole is what was written up to {whole.At:u}") + $" ({whole.Number} writes); {lost}";
        return run.Faults.Count == 0 ? found : $"{found} ({string.Join("; ", run.Faults)})";
    }
}
