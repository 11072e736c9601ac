namespace NBomber.Contracts;

/// <summary>As NBomber 4.1 to 6 have it.</summary>
public interface IScenarioContext;

/// <inheritdoc cref="IScenarioContext"/>
public interface IScenarioInitContext;

/// <inheritdoc cref="IScenarioContext"/>
public interface IResponse;

/// <inheritdoc cref="IScenarioContext"/>
public sealed class LoadSimulation;

/// <inheritdoc cref="IScenarioContext"/>
public sealed class NBomberContext;

/// <inheritdoc cref="IScenarioContext"/>
public sealed class ScenarioProps;
