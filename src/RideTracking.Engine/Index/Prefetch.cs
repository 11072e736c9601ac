using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace RideTracking.Engine.Index;

/// <summary>
/// Asks the processor to bring memory near before it is needed. Most of a search is waiting for memory; asked for early,
/// it comes side by side. Only a hint: a garbage collection that moves the object meanwhile does no harm.
/// </summary>
internal static class Prefetch
{
    /// <summary>Bytes that come at once.</summary>
    public const int LineBytes = 64;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Line<T>(ref readonly T value)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(Unsafe.AsPointer(ref Unsafe.AsRef(in value)));
        }
    }
}
