using System.Collections.Concurrent;
using System.Reflection;

namespace RideTracking.Server.Tests.Areas;

/// <summary>
/// What objects hold on to, field by field: through the server's own objects, collections and delegates, and not through
/// other people's libraries.
/// </summary>
internal static class ObjectGraph
{
    private static readonly ConcurrentDictionary<Type, FieldInfo[]> Fields = new();

    /// <summary>Everything reached from some objects, they themselves included.</summary>
    /// <param name="from">Where to begin.</param>
    /// <param name="stop">Reached, but not looked into.</param>
    public static HashSet<object> From(IEnumerable<object> from, Func<object, bool> stop)
    {
        var reached = new HashSet<object>(ReferenceEqualityComparer.Instance);
        var waiting = new Stack<object>(from);
        while (waiting.TryPop(out var one))
        {
            if (!reached.Add(one) || stop(one))
            {
                continue;
            }

            foreach (var held in HeldBy(one, one.GetType()))
            {
                waiting.Push(held);
            }
        }

        return reached;
    }

    private static IEnumerable<object> HeldBy(object one, Type type)
    {
        if (one is Delegate many)
        {
            return many.GetInvocationList().Select(d => d.Target).OfType<object>();
        }

        if (one is Array array)
        {
            return IsPlain(type.GetElementType()!) ? [] : array.Cast<object?>().OfType<object>().SelectMany(Unboxed);
        }

        return IsLookedInto(type) ? FieldsOf(type).Select(f => f.GetValue(one)).OfType<object>().SelectMany(Unboxed) : [];
    }

    // A struct is looked through at once: its box is nobody's.
    private static IEnumerable<object> Unboxed(object value) =>
        !value.GetType().IsValueType ? [value]
        : IsPlain(value.GetType()) || !IsLookedInto(value.GetType()) ? []
        : FieldsOf(value.GetType()).Select(f => f.GetValue(value)).OfType<object>().SelectMany(Unboxed);

    private static FieldInfo[] FieldsOf(Type type) => Fields.GetOrAdd(type, static type =>
    {
        var fields = new List<FieldInfo>();
        for (var of = type; of is not null && of != typeof(object); of = of.BaseType)
        {
            fields.AddRange(of.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
                .Where(f => !IsPlain(f.FieldType) && !f.FieldType.IsPointer && !f.FieldType.IsByRefLike));
        }

        return [.. fields];
    });

    private static bool IsPlain(Type type) => type.IsPrimitive || type.IsEnum || type == typeof(string) || type == typeof(decimal);

    private static bool IsLookedInto(Type type) =>
        type.Namespace is { } name
        && (name.StartsWith("RideTracking", StringComparison.Ordinal) || name.StartsWith("System.Collections", StringComparison.Ordinal)
            || name.StartsWith("System.Threading.Channels", StringComparison.Ordinal) || name is "System" or "Microsoft.Extensions.Options")
        && !typeof(MemberInfo).IsAssignableFrom(type) && !typeof(Assembly).IsAssignableFrom(type);
}
