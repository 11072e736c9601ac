namespace RideTracking.Simulation.Bugs;

/// <summary>A mistake in the text of a script.</summary>
/// <param name="Script">The name of its file.</param>
/// <param name="Old">What stands there.</param>
/// <param name="New">What is to stand there.</param>
internal readonly record struct ScriptChange(string Script, string Old, string New)
{
    /// <summary>The text with those mistakes in it that belong to the script.</summary>
    /// <exception cref="InvalidOperationException">One cannot be planted: what it would change is not there any more.</exception>
    public static string Plant(IEnumerable<ScriptChange> changes, string mistake, string script, string text)
    {
        foreach (var (_, old, replacement) in changes.Where(c => c.Script == script))
        {
            if (!text.Contains(old, StringComparison.Ordinal))
            {
                throw new InvalidOperationException($"'{mistake}' cannot be planted: {script} has no '{old}'.");
            }

            text = text.Replace(old, replacement, StringComparison.Ordinal);
        }

        return text;
    }
}
