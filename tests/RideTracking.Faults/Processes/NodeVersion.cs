using System.Globalization;
using RideTracking.Server.Store;

namespace RideTracking.Faults.Processes;

/// <summary>Which version of the server a node is.</summary>
/// <param name="Form">The newest form of records that it knows.</param>
/// <param name="Settings">What it is told beside that.</param>
internal sealed record NodeVersion(int Form, params string[] Settings)
{
    /// <summary>The form of the version to come.</summary>
    public const int NewerForm = RecordFormat.Newest + 1;

    /// <summary>The server as it is.</summary>
    public static readonly NodeVersion This = new(RecordFormat.Newest);

    /// <summary>The one to come, which is told to leave the way back open.</summary>
    public static readonly NodeVersion NewerWithWayBack = new(NewerForm, "--Store:MaxRecordForm", RecordFormat.Newest.ToString(CultureInfo.InvariantCulture));

    /// <summary>The one to come.</summary>
    public static readonly NodeVersion Newer = new(NewerForm);

    /// <summary>What it is rolled to.</summary>
    public NodeVersion Other => this == This ? NewerWithWayBack : This;
}
