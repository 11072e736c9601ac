namespace RideTracking.Server.Hosting;

/// <summary>A setting, or a whole group of them, that each node may have of its own; all others are to be the same on the nodes of a city.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Property)]
public sealed class OfThisNodeAttribute : Attribute;
