using System.Reflection;
using System.Reflection.Emit;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Ingest;

namespace RideTracking.Engine.Tests;

/// <summary>References inside the engine run one way, method bodies included.</summary>
public class LayersTests
{
    private const string Root = "RideTracking.Engine.";

    // A namespace may use itself and those of lower layers; Fanout, Zones and Roads do not know each other.
    private static readonly Dictionary<string, int> Layers = new()
    {
        ["Geo"] = 0,
        ["Packing"] = 0,
        ["Ingest"] = 1,
        ["Index"] = 2,
        ["Fanout"] = 3,
        ["Zones"] = 3,
        ["Roads"] = 3,
        ["Dispatch"] = 4,
    };

    private static readonly Dictionary<short, OpCode> OpCodesByValue = typeof(OpCodes)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!)
        .ToDictionary(code => code.Value);

    private static readonly string[] ForbiddenAssemblies = ["Grpc", "Google", "StackExchange", "Microsoft", "RideTracking"];

    private static readonly Assembly Engine = typeof(Gate).Assembly;

    [Fact]
    public void Each_namespace_uses_only_lower_ones() => Assert.Empty(Violations(Layers));

    [Fact]
    public void A_reference_that_runs_the_wrong_way_is_found_even_in_a_method_body()
    {
        var upsideDown = new Dictionary<string, int>(Layers) { ["Geo"] = 1, ["Ingest"] = 0 };
        Assert.Contains($"{typeof(Gate)} uses {typeof(Earth)}", Violations(upsideDown));
    }

    [Fact]
    public void A_namespace_without_a_layer_is_found()
    {
        var incomplete = new Dictionary<string, int>(Layers);
        incomplete.Remove("Geo");
        Assert.Contains($"{typeof(Earth)} is in no known layer", Violations(incomplete));
    }

    [Fact]
    public void The_engine_knows_no_wire_no_store_and_no_web() =>
        Assert.DoesNotContain(
            Engine.GetReferencedAssemblies(),
            assembly => ForbiddenAssemblies.Any(
                prefix => assembly.Name!.StartsWith(prefix, StringComparison.Ordinal)));

    private static List<string> Violations(Dictionary<string, int> layers)
    {
        var violations = new List<string>();
        foreach (Type type in Engine.GetTypes().Where(type => NamespaceOf(type) is not null))
        {
            string own = NamespaceOf(type)!;
            if (!layers.TryGetValue(own, out int layer))
            {
                violations.Add($"{type} is in no known layer");
                continue;
            }

            violations.AddRange(
                from used in UsedBy(type)
                let other = NamespaceOf(used)
                where other is not null && other != own
                    && (!layers.TryGetValue(other, out int otherLayer) || otherLayer >= layer)
                select $"{type} uses {used}");
        }

        return violations;
    }

    /// <summary>The part below the root; null for types that are not the engine's or that the compiler put at the root.</summary>
    private static string? NamespaceOf(Type type) =>
        type.Assembly == Engine && type.Namespace is { } name && name.StartsWith(Root, StringComparison.Ordinal)
            ? name[Root.Length..].Split('.')[0]
            : null;

    private static HashSet<Type> UsedBy(Type type)
    {
        const BindingFlags all =
            BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;
        var used = new HashSet<Type>();
        Add(type.BaseType);
        foreach (Type implemented in type.GetInterfaces())
        {
            Add(implemented);
        }

        foreach (CustomAttributeData attribute in type.CustomAttributes)
        {
            Add(attribute.AttributeType);
        }

        foreach (FieldInfo field in type.GetFields(all))
        {
            Add(field.FieldType);
        }

        foreach (MethodBase method in type.GetMethods(all).Cast<MethodBase>().Concat(type.GetConstructors(all)))
        {
            AddMember(method);
            foreach (MemberInfo member in MembersInBody(method))
            {
                AddMember(member);
            }

            foreach (LocalVariableInfo local in method.GetMethodBody()?.LocalVariables ?? [])
            {
                Add(local.LocalType);
            }
        }

        return used;

        void AddMember(MemberInfo member)
        {
            Add(member as Type ?? member.DeclaringType);
            Add((member as FieldInfo)?.FieldType);
            if (member is MethodBase method)
            {
                Add((method as MethodInfo)?.ReturnType);
                foreach (ParameterInfo parameter in method.GetParameters())
                {
                    Add(parameter.ParameterType);
                }

                foreach (Type argument in method.IsGenericMethod ? method.GetGenericArguments() : [])
                {
                    Add(argument);
                }
            }
        }

        void Add(Type? mentioned)
        {
            if (mentioned is null || !used.Add(mentioned))
            {
                return;
            }

            Add(mentioned.HasElementType ? mentioned.GetElementType() : null);
            foreach (Type argument in mentioned.IsGenericParameter
                ? mentioned.GetGenericParameterConstraints()
                : mentioned.GetGenericArguments())
            {
                Add(argument);
            }
        }
    }

    /// <summary>What the instructions of a method name: types, fields and methods.</summary>
    private static IEnumerable<MemberInfo> MembersInBody(MethodBase method)
    {
        byte[] code = method.GetMethodBody()?.GetILAsByteArray() ?? [];
        Type[]? typeArguments = method.DeclaringType is { IsGenericType: true } type ? type.GetGenericArguments() : null;
        Type[]? methodArguments = method.IsGenericMethod ? method.GetGenericArguments() : null;
        int position = 0;
        while (position < code.Length)
        {
            short value = code[position++];
            if (value == 0xFE)
            {
                value = (short)(0xFE00 | code[position++]);
            }

            switch (OpCodesByValue[value].OperandType)
            {
                case OperandType.InlineNone:
                    break;
                case OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar:
                    position += 1;
                    break;
                case OperandType.InlineVar:
                    position += 2;
                    break;
                case OperandType.InlineI8 or OperandType.InlineR:
                    position += 8;
                    break;
                case OperandType.InlineSwitch:
                    position += 4 + 4 * BitConverter.ToInt32(code, position);
                    break;
                case OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType:
                    yield return method.Module.ResolveMember(
                        BitConverter.ToInt32(code, position), typeArguments, methodArguments)!;
                    position += 4;
                    break;
                default: // the others all have four bytes
                    position += 4;
                    break;
            }
        }
    }
}
