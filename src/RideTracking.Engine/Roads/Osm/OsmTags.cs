using System.Text;

namespace RideTracking.Engine.Roads.Osm;

/// <summary>The tags of one thing in a file, good until the next is read.</summary>
internal sealed class OsmTags
{
    private readonly List<(int Start, int Length)> _places = [];
    private readonly List<(int Key, int Value)> _tags = [];
    private byte[] _text = [];
    private string?[] _strings = [];
    private IReadOnlyDictionary<string, string>? _inherited;

    public int StringCount => _places.Count;

    public int Count => _tags.Count;

    /// <summary>A tag's value, or null.</summary>
    public string? this[string key]
    {
        get
        {
            foreach ((int name, int value) in _tags)
            {
                if (StringAt(name) == key)
                {
                    return StringAt(value);
                }
            }

            return _inherited?.GetValueOrDefault(key);
        }
    }

    /// <summary>Whether any tag is about single lanes.</summary>
    public bool HasLanes => AnyKey(static key => key.Contains(":lanes", StringComparison.Ordinal));

    /// <summary>Whether a tag has this value.</summary>
    public bool Is(string key, string value) => this[key] == value;

    /// <summary>Whether there is a tag that says anything but no.</summary>
    public bool Has(string key) => this[key] is { } value && value is not ("no" or "0" or "false");

    public bool AnyKey(Func<string, bool> matches) => _tags.Exists(tag => matches(StringAt(tag.Key)));

    public void SetStrings(ProtobufReader table)
    {
        _places.Clear();
        int length = 0;
        while (table.NextField() is var field and not 0)
        {
            if (field != 1)
            {
                table.Skip();
                continue;
            }

            ReadOnlySpan<byte> text = table.ReadBytes();
            if (_text.Length < length + text.Length)
            {
                Array.Resize(ref _text, Math.Max(2 * _text.Length, length + text.Length));
            }

            text.CopyTo(_text.AsSpan(length));
            _places.Add((length, text.Length));
            length += text.Length;
        }

        if (_strings.Length < _places.Count)
        {
            _strings = new string?[_places.Count];
        }

        _strings.AsSpan().Clear();
    }

    public Dictionary<string, string> ToDictionary()
    {
        var tags = new Dictionary<string, string>();
        foreach ((int key, int value) in _tags)
        {
            tags.TryAdd(StringAt(key), StringAt(value));
        }

        return tags;
    }

    /// <summary>Tags of a relation stand in for those that the thing itself does not have.</summary>
    public void Inherit(IReadOnlyDictionary<string, string> tags) => _inherited = tags;

    public void Clear()
    {
        _tags.Clear();
        _inherited = null;
    }

    /// <summary>Both are indexes below <see cref="StringCount"/>.</summary>
    public void Add(int key, int value) => _tags.Add((key, value));

    public string StringAt(int index)
    {
        ref string? text = ref _strings[index];
        return text ??= Encoding.UTF8.GetString(_text, _places[index].Start, _places[index].Length);
    }
}
