namespace RideTracking.Server.Store.Events;

/// <summary>A page of an <see cref="EventLog{T}"/>.</summary>
/// <param name="Events">Those of it that can be read.</param>
/// <param name="First">The cursor of the first one of it, read or not; the one after the place that was asked for when there is none.</param>
/// <param name="Through">The cursor of the last one; the place that was asked for when there is none.</param>
/// <param name="IsLast">Nothing came after it.</param>
internal readonly record struct EventPage<T>(List<T> Events, ulong First, ulong Through, bool IsLast);
