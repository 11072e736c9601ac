using System.Text.RegularExpressions;
using k8s;
using k8s.Models;
using RideTracking.Server.Hosting;
using RideTracking.Server.Tests.Fixtures;
using YamlDotNet.RepresentationModel;

namespace RideTracking.Deploy.Tests.Manifests;

/// <summary>Image, compose, manifests and balancers agree with each other and with the server.</summary>
public sealed partial class ManifestTests
{
    private const int User = 1654;

    private static readonly ListenOptions Listen = new();

    private static readonly Dictionary<string, Type> Kinds = new()
    {
        ["v1/Namespace"] = typeof(V1Namespace),
        ["v1/ConfigMap"] = typeof(V1ConfigMap),
        ["v1/Service"] = typeof(V1Service),
        ["apps/v1/Deployment"] = typeof(V1Deployment),
        ["policy/v1/PodDisruptionBudget"] = typeof(V1PodDisruptionBudget),
        ["networking.k8s.io/v1/NetworkPolicy"] = typeof(V1NetworkPolicy),
    };

    private static string Read(string file) => File.ReadAllText(Repository.PathOf(file));

    private static IReadOnlyList<object> Manifests { get; } = ReadManifests();

    [Fact]
    public void Each_file_of_the_kustomization_is_there_and_no_other()
    {
        var listed = ListedFiles().Matches(Read("deploy/kubernetes/kustomization.yaml")).Select(m => m.Groups[1].Value);
        var there = Directory.GetFiles(Repository.PathOf("deploy/kubernetes"), "*.yaml").Select(f => Path.GetFileName(f)).Where(f => f != "kustomization.yaml");
        Assert.Equal(there.Order(), listed.Order());
    }

    [Fact]
    public void Ports_are_those_of_the_server_everywhere()
    {
        var pod = Manifests.OfType<V1Deployment>().Single().Spec.Template;
        var ports = pod.Spec.Containers.Single().Ports.ToDictionary(p => p.Name, p => p.ContainerPort);
        Assert.Equal(new Dictionary<string, int> { ["grpc"] = Listen.GrpcPort, ["web"] = Listen.WebPort, ["management"] = Listen.ManagementPort }, ports);
        Assert.Equal($"{Listen.ManagementPort}", pod.Metadata.Annotations["prometheus.io/port"]);
        Assert.Contains($"EXPOSE {Listen.GrpcPort} {Listen.WebPort} {Listen.TlsPort} {Listen.ManagementPort}", Read("Dockerfile"), StringComparison.Ordinal);
        foreach (var file in (string[])["deploy/haproxy/haproxy.cfg", "deploy/nginx/nginx.conf", "deploy/prometheus/prometheus.yml"])
        {
            int[] allowed = file.EndsWith(".yml", StringComparison.Ordinal) ? [Listen.ManagementPort] : [Listen.GrpcPort, Listen.WebPort];
            var used = NodePorts().Matches(Read(file)).Select(m => int.Parse(m.Groups[1].Value, null)).ToHashSet();
            Assert.Equal(allowed.Order(), used.Order());
        }

        Assert.Contains($"check port {Listen.ManagementPort} ", Read("deploy/haproxy/haproxy.cfg"), StringComparison.Ordinal);
    }

    [Fact]
    public void The_user_is_that_of_the_image_and_may_do_nothing_else()
    {
        Assert.Contains($"USER {User}:{User}", Read("Dockerfile"), StringComparison.Ordinal);
        var pod = Manifests.OfType<V1Deployment>().Single().Spec.Template.Spec;
        Assert.Equal(User, pod.SecurityContext.RunAsUser);
        Assert.Equal(User, pod.SecurityContext.FsGroup);
        Assert.True(pod.SecurityContext.RunAsNonRoot);
        var container = pod.Containers.Single();
        Assert.True(container.SecurityContext.ReadOnlyRootFilesystem);
        Assert.False(container.SecurityContext.AllowPrivilegeEscalation);
        Assert.Equal(["ALL"], container.SecurityContext.Capabilities.Drop);
        Assert.Equal(["/data", "/tmp"], container.VolumeMounts.Select(m => m.MountPath).Order());
        Assert.All(container.VolumeMounts, mount => Assert.NotNull(pod.Volumes.Single(v => v.Name == mount.Name).EmptyDir));
        // SIGTERM comes after the pause, and a drain has 30 s from then.
        Assert.True(pod.TerminationGracePeriodSeconds >= container.Lifecycle.PreStop.Sleep.Seconds + 30);
    }

    [Fact]
    public void Whatever_selects_pods_selects_those_of_the_nodes()
    {
        var deployment = Manifests.OfType<V1Deployment>().Single();
        var label = deployment.Spec.Template.Metadata.Labels["app"];
        Assert.Equal(label, deployment.Spec.Selector.MatchLabels["app"]);
        Assert.All(Manifests.OfType<V1Service>(), s => Assert.Equal(label, s.Spec.Selector["app"]));
        Assert.All(Manifests.OfType<V1PodDisruptionBudget>(), b => Assert.Equal(label, b.Spec.Selector.MatchLabels["app"]));
        Assert.All(deployment.Spec.Template.Spec.TopologySpreadConstraints, c => Assert.Equal(label, c.LabelSelector.MatchLabels["app"]));
        Assert.Contains(Manifests.OfType<V1NetworkPolicy>(), p => p.Spec.PodSelector.MatchLabels?["app"] == label);
        // Ports that are named are ports of theirs.
        var names = deployment.Spec.Template.Spec.Containers.Single().Ports.Select(p => p.Name).ToHashSet();
        var named = Manifests.OfType<V1NetworkPolicy>().SelectMany(p => p.Spec.Ingress ?? []).SelectMany(r => r.Ports).Select(p => p.Port.Value)
            .Concat(Manifests.OfType<V1Service>().SelectMany(s => s.Spec.Ports).Select(p => p.TargetPort.Value));
        Assert.All(named, name => Assert.Contains(name, names));
    }

    [Fact]
    public void Every_setting_is_one_of_the_servers()
    {
        var known = SettingRows().Matches(Read("docs/operations.md")).Select(m => m.Groups[1].Value.Replace(":", "__", StringComparison.Ordinal)).ToHashSet();
        string[] files = ["Dockerfile", .. Directory.GetFiles(Repository.PathOf("deploy"), "*", SearchOption.AllDirectories)];
        var used = files.SelectMany(file => SettingNames().Matches(Read(file)).Select(m => m.Value)).ToHashSet();
        Assert.Contains("Store__Redis", used);
        Assert.Contains("Access__Authority", used);
        Assert.All(used, name => Assert.Contains(name, known));
    }

    [Fact]
    public void Compose_has_no_secret_of_its_own_and_all_that_it_mounts()
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(Read("deploy/compose/compose.yaml")));
        var services = (YamlMappingNode)yaml.Documents[0].RootNode["services"];
        Assert.Equal(["grafana", "haproxy", "node-1", "node-2", "prometheus", "redis"], services.Children.Keys.Select(k => k.ToString()).Order());
        var text = Read("deploy/compose/compose.yaml");
        var variables = Variables().Matches(text).ToList();
        // Those with a password have none that is taken where nobody gave one.
        Assert.All(variables.Where(v => v.Groups[1].Value.Contains("PASSWORD", StringComparison.Ordinal)), v => Assert.StartsWith(":?", v.Groups[2].Value, StringComparison.Ordinal));
        Assert.Contains(variables, v => v.Groups[1].Value == "REDIS_PASSWORD");
        var example = Read("deploy/compose/example.env");
        Assert.All(variables.Where(v => v.Groups[1].Value != "RIDE_TRACKING_IMAGE"), v => Assert.Contains(v.Groups[1].Value + "=", example, StringComparison.Ordinal));
        foreach (Match mount in Mounts().Matches(text))
        {
            var path = Path.GetFullPath(Repository.PathOf("deploy/compose/" + mount.Groups[1].Value));
            Assert.True(Path.Exists(path) || path.Contains("/compose/secrets/", StringComparison.Ordinal) || path.EndsWith("/compose/roads", StringComparison.Ordinal), $"compose mounts {path}, which is not there");
        }
    }

    [Fact]
    public void The_nodes_user_of_composes_Redis_has_the_least_rights_that_the_guide_names()
    {
        var named = GuideRights().Matches(Read("docs/redis.md")).SelectMany(line => line.Groups[1].Value.Split(' ')).Where(word => word[0] is '+' or '~' or '&');
        var user = Read("deploy/compose/users.acl.template").Split('\n').Single(line => line.StartsWith("user ride-tracking ", StringComparison.Ordinal));
        Assert.Equal(named.Order(StringComparer.Ordinal), user.Split(' ')[4..].Order(StringComparer.Ordinal));
    }

    // Strictly: a field that there is none of is an error.
    private static List<object> ReadManifests()
    {
        var read = new List<object>();
        foreach (var file in Directory.GetFiles(Repository.PathOf("deploy/kubernetes"), "*.yaml").Where(f => !f.EndsWith("kustomization.yaml", StringComparison.Ordinal)))
        {
            foreach (var document in Regex.Split(File.ReadAllText(file), "^---$", RegexOptions.Multiline))
            {
                var head = KubernetesYaml.Deserialize<KubernetesObject>(document);
                var type = Kinds[$"{head.ApiVersion}/{head.Kind}"];
                read.Add(typeof(KubernetesYaml).GetMethod(nameof(KubernetesYaml.Deserialize), [typeof(string), typeof(bool)])!.MakeGenericMethod(type).Invoke(null, [document, true])!);
            }
        }

        return read;
    }

    [GeneratedRegex("^ACL SETUSER ride-tracking (.*)$", RegexOptions.Multiline)]
    private static partial Regex GuideRights();

    [GeneratedRegex(@"^  - ([a-z]+\.yaml)$", RegexOptions.Multiline)]
    private static partial Regex ListedFiles();

    [GeneratedRegex(@"node-\d:(\d+)")]
    private static partial Regex NodePorts();

    [GeneratedRegex(@"^\| `([A-Z][A-Za-z]+(?::[A-Z][A-Za-z]+)+)` \|", RegexOptions.Multiline)]
    private static partial Regex SettingRows();

    [GeneratedRegex(@"\b(Listen|Store|Log|Access|Streams|Reporting|Gate|Trips|Matching|Nearby|Sharing|Incidents|Roads|Zones|Fleet)(__[A-Z]\w*?)+\b")]
    private static partial Regex SettingNames();

    [GeneratedRegex(@"\$\{(\w+)([^}]*)\}")]
    private static partial Regex Variables();

    [GeneratedRegex(@"[- ""]((?:\.\./|\./)[\w./-]+):/")]
    private static partial Regex Mounts();
}
