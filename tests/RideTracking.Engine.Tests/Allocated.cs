namespace RideTracking.Engine.Tests;

/// <summary>Counts what code allocates on the thread that runs it.</summary>
internal static class Allocated
{
    /// <summary>
    /// Bytes that an action allocates. A collection, which tests beside this one may cause, ends the part of the heap that
    /// the thread was filling, and its unused rest counts as allocated: so only a run without a collection is a measure.
    /// </summary>
    /// <param name="prepare">Makes the action, anew for each run.</param>
    public static long By(Func<Action> prepare)
    {
        while (true)
        {
            Action action = prepare();
            int collections = GC.CollectionCount(0);
            long before = GC.GetAllocatedBytesForCurrentThread();
            action();
            long bytes = GC.GetAllocatedBytesForCurrentThread() - before;
            if (GC.CollectionCount(0) == collections)
            {
                return bytes;
            }
        }
    }
}
