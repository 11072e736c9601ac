using System.Runtime.InteropServices;

namespace RideTracking.Engine.Roads.Osm;

/// <summary>Who is shown what is in a file.</summary>
internal abstract class OsmVisitor
{
    /// <summary>Whether nodes are of interest, and the ids of ways; ways and relations are otherwise.</summary>
    public abstract bool WantsNodes { get; }

    /// <summary>There is such a way.</summary>
    public virtual void WayId(long id)
    {
    }

    /// <summary>A place in 1e-7 degrees.</summary>
    public virtual void Node(long id, long latitudeE7, long longitudeE7, OsmTags tags)
    {
    }

    public virtual void Way(long id, OsmTags tags, ReadOnlySpan<long> nodes)
    {
    }

    public virtual void Relation(long id, OsmTags tags, ReadOnlySpan<OsmMember> members)
    {
    }
}

internal enum OsmMemberType : byte
{
    Node = 0,
    Way = 1,
    Relation = 2,
}

internal readonly record struct OsmMember(OsmMemberType Type, long Id, string Role);

/// <summary>Reads blocks and shows a visitor what is in them.</summary>
internal sealed class OsmBlock(OsmVisitor visitor)
{
    private readonly OsmTags _tags = new();
    private readonly List<long> _numbers = [];
    private readonly List<OsmMember> _members = [];
    private long _granularity, _latitudeOffset, _longitudeOffset;

    /// <exception cref="RoadFileException">It is broken.</exception>
    public void Read(ReadOnlySpan<byte> block, long fileOffset)
    {
        (_granularity, _latitudeOffset, _longitudeOffset) = (100, 0, 0);
        _tags.SetStrings(default);
        // What the groups need comes before or after them, as the writer likes.
        var settings = new ProtobufReader(block, fileOffset);
        while (settings.NextField() is var field and not 0)
        {
            switch (field)
            {
                case 1:
                    _tags.SetStrings(settings.ReadMessage());
                    break;
                case 17:
                    _granularity = settings.ReadInt64();
                    break;
                case 19:
                    _latitudeOffset = settings.ReadInt64();
                    break;
                case 20:
                    _longitudeOffset = settings.ReadInt64();
                    break;
                default:
                    settings.Skip();
                    break;
            }
        }

        var message = new ProtobufReader(block, fileOffset);
        while (message.NextField() is var field and not 0)
        {
            if (field == 2)
            {
                Group(message.ReadMessage());
            }
            else
            {
                message.Skip();
            }
        }
    }

    private void Group(ProtobufReader group)
    {
        while (group.NextField() is var field and not 0)
        {
            switch (field)
            {
                case 1 when visitor.WantsNodes:
                    Node(group.ReadMessage());
                    break;
                case 2 when visitor.WantsNodes:
                    DenseNodes(group.ReadMessage());
                    break;
                case 3 when visitor.WantsNodes:
                    WayId(group.ReadMessage());
                    break;
                case 3:
                    Way(group.ReadMessage());
                    break;
                case 4 when !visitor.WantsNodes:
                    Relation(group.ReadMessage());
                    break;
                default:
                    group.Skip();
                    break;
            }
        }
    }

    private void Node(ProtobufReader node)
    {
        long id = 0, latitude = 0, longitude = 0;
        ProtobufReader keys = default, values = default;
        while (node.NextField() is var field and not 0)
        {
            switch (field)
            {
                case 1:
                    id = ZigZag(node.ReadInt64());
                    break;
                case 2:
                    keys = node.ReadMessage();
                    break;
                case 3:
                    values = node.ReadMessage();
                    break;
                case 8:
                    latitude = ZigZag(node.ReadInt64());
                    break;
                case 9:
                    longitude = ZigZag(node.ReadInt64());
                    break;
                default:
                    node.Skip();
                    break;
            }
        }

        Tags(keys, values, node);
        visitor.Node(id, E7(_latitudeOffset, latitude), E7(_longitudeOffset, longitude), _tags);
    }

    private void DenseNodes(ProtobufReader dense)
    {
        ProtobufReader ids = default, latitudes = default, longitudes = default, tags = default;
        while (dense.NextField() is var field and not 0)
        {
            switch (field)
            {
                case 1:
                    ids = dense.ReadMessage();
                    break;
                case 8:
                    latitudes = dense.ReadMessage();
                    break;
                case 9:
                    longitudes = dense.ReadMessage();
                    break;
                case 10:
                    tags = dense.ReadMessage();
                    break;
                default:
                    dense.Skip();
                    break;
            }
        }

        long id = 0, latitude = 0, longitude = 0;
        bool areTagged = !tags.IsAtEnd;
        while (!ids.IsAtEnd)
        {
            if (latitudes.IsAtEnd || longitudes.IsAtEnd)
            {
                throw dense.Broken("a block has fewer places than nodes");
            }

            unchecked
            {
                id += ids.PackedSigned();
                latitude += latitudes.PackedSigned();
                longitude += longitudes.PackedSigned();
            }

            _tags.Clear();
            if (areTagged)
            {
                DenseTags(ref tags);
            }

            visitor.Node(id, E7(_latitudeOffset, latitude), E7(_longitudeOffset, longitude), _tags);
        }
    }

    private void DenseTags(ref ProtobufReader tags)
    {
        while (true)
        {
            if (tags.IsAtEnd)
            {
                throw tags.Broken("a block has tags for fewer nodes than it has");
            }

            int key = tags.PackedIndex();
            if (key == 0)
            {
                return;
            }

            if (tags.IsAtEnd)
            {
                throw tags.Broken("a tag has no value");
            }

            AddTag(key, tags.PackedIndex(), tags);
        }
    }

    // The id comes first, so the rest is mostly not looked at.
    private void WayId(ProtobufReader way)
    {
        while (way.NextField() is var field and not 0)
        {
            if (field == 1)
            {
                visitor.WayId(way.ReadInt64());
                return;
            }

            way.Skip();
        }
    }

    private void Way(ProtobufReader way)
    {
        long id = 0;
        ProtobufReader keys = default, values = default, nodes = default;
        while (way.NextField() is var field and not 0)
        {
            switch (field)
            {
                case 1:
                    id = way.ReadInt64();
                    break;
                case 2:
                    keys = way.ReadMessage();
                    break;
                case 3:
                    values = way.ReadMessage();
                    break;
                case 8:
                    nodes = way.ReadMessage();
                    break;
                default:
                    way.Skip();
                    break;
            }
        }

        Tags(keys, values, way);
        _numbers.Clear();
        for (long node = 0; !nodes.IsAtEnd;)
        {
            node = unchecked(node + nodes.PackedSigned());
            _numbers.Add(node);
        }

        visitor.Way(id, _tags, CollectionsMarshal.AsSpan(_numbers));
    }

    private void Relation(ProtobufReader relation)
    {
        long id = 0;
        ProtobufReader keys = default, values = default, roles = default, members = default, types = default;
        while (relation.NextField() is var field and not 0)
        {
            switch (field)
            {
                case 1:
                    id = relation.ReadInt64();
                    break;
                case 2:
                    keys = relation.ReadMessage();
                    break;
                case 3:
                    values = relation.ReadMessage();
                    break;
                case 8:
                    roles = relation.ReadMessage();
                    break;
                case 9:
                    members = relation.ReadMessage();
                    break;
                case 10:
                    types = relation.ReadMessage();
                    break;
                default:
                    relation.Skip();
                    break;
            }
        }

        Tags(keys, values, relation);
        _members.Clear();
        for (long member = 0; !members.IsAtEnd;)
        {
            if (roles.IsAtEnd || types.IsAtEnd)
            {
                throw relation.Broken("a relation has fewer roles or types than members");
            }

            member = unchecked(member + members.PackedSigned());
            int role = roles.PackedIndex(), type = types.PackedIndex();
            if (role >= _tags.StringCount || type > (int)OsmMemberType.Relation)
            {
                throw relation.Broken("a member's role or type does not exist");
            }

            _members.Add(new OsmMember((OsmMemberType)type, member, _tags.StringAt(role)));
        }

        visitor.Relation(id, _tags, CollectionsMarshal.AsSpan(_members));
    }

    private void Tags(ProtobufReader keys, ProtobufReader values, in ProtobufReader of)
    {
        _tags.Clear();
        while (!keys.IsAtEnd)
        {
            if (values.IsAtEnd)
            {
                throw of.Broken("a tag has no value");
            }

            AddTag(keys.PackedIndex(), values.PackedIndex(), of);
        }
    }

    private void AddTag(int key, int value, in ProtobufReader of)
    {
        if (key >= _tags.StringCount || value >= _tags.StringCount)
        {
            throw of.Broken($"a tag is the string {Math.Max(key, value)} of {_tags.StringCount}");
        }

        _tags.Add(key, value);
    }

    private long E7(long offset, long units) => unchecked(offset + _granularity * units) / 100;

    private static long ZigZag(long value) => (long)((ulong)value >> 1) ^ -(value & 1);
}
