using System.Text;
using System.Xml;
using System.Xml.Serialization;

namespace RideTracking.Benchmarks.Wires;

/// <summary>One element in the body of a SOAP 1.1 envelope, by .NET's serializer of XML.</summary>
internal static class SoapEnvelope
{
    private const string Soap = "http://schemas.xmlsoap.org/soap/envelope/";

    private static readonly XmlWriterSettings Compact = new() { Encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false) };

    private static readonly XmlSerializerNamespaces NoNames = new([XmlQualifiedName.Empty]);

    public static byte[] Write<T>(T content)
    {
        using var written = new MemoryStream();
        using (var xml = XmlWriter.Create(written, Compact))
        {
            xml.WriteStartElement("s", "Envelope", Soap);
            xml.WriteStartElement("Body", Soap);
            Of<T>.Serializer.Serialize(xml, content, NoNames);
            xml.WriteEndElement();
            xml.WriteEndElement();
        }

        return written.ToArray();
    }

    /// <summary>What the body holds: one of several that may be meant.</summary>
    public static object Read(Stream read, params ReadOnlySpan<XmlSerializer> kinds)
    {
        using var xml = XmlReader.Create(read, new XmlReaderSettings { CloseInput = false, IgnoreWhitespace = true });
        xml.ReadStartElement("Envelope", Soap);
        xml.ReadStartElement("Body", Soap);
        foreach (var kind in kinds)
        {
            if (kind.CanDeserialize(xml))
            {
                return kind.Deserialize(xml)!;
            }
        }

        throw new XmlException($"{xml.Name} is nothing known.");
    }

    public static class Of<T>
    {
        public static XmlSerializer Serializer { get; } = new(typeof(T));
    }
}
