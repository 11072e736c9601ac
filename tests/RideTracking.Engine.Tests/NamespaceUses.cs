using System.Reflection;
using System.Reflection.Emit;

namespace RideTracking.Engine.Tests;

/// <summary>Which namespaces of an assembly use which others, method bodies included.</summary>
/// <param name="assembly">The assembly.</param>
/// <param name="root">What its namespaces begin with, a dot at the end; the part after it is what counts.</param>
internal sealed class NamespaceUses(Assembly assembly, string root)
{
    private static readonly Dictionary<short, OpCode> OpCodesByValue = typeof(OpCodes)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!)
        .ToDictionary(code => code.Value);

    /// <summary>Types that use a namespace that is not lower than their own, or are in one without a layer.</summary>
    public List<string> Violations(Dictionary<string, int> layers)
    {
        var violations = new List<string>();
        foreach (Type type in assembly.GetTypes().Where(type => NamespaceOf(type) is not null))
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

    /// <summary>The part below the root; null for types of other assemblies or that are at the root.</summary>
    private string? NamespaceOf(Type type) =>
        type.Assembly == assembly && type.Namespace is { } name && name.StartsWith(root, StringComparison.Ordinal)
            ? name[root.Length..].Split('.')[0]
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
    internal static IEnumerable<MemberInfo> MembersInBody(MethodBase method)
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
