namespace RideTracking.Faults.Schedule;

/// <summary>What goes wrong.</summary>
internal enum FaultKind
{
    /// <summary>SIGKILL of a node; started again after a while.</summary>
    NodeKilled,

    /// <summary>SIGSTOP of a node, then SIGCONT.</summary>
    NodeFrozen,

    /// <summary>SIGTERM of a node, and started again.</summary>
    NodeRolled,

    /// <summary>A node's connections to the store break once.</summary>
    StoreLinkCut,

    /// <summary>A node cannot reach the store.</summary>
    StoreLinkBroken,

    /// <summary>A node hears nothing of the store, and is not told.</summary>
    StoreLinkSilent,

    /// <summary>The store hears a node, the node does not hear the store; then the connections break, and what was answered is lost.</summary>
    StoreRepliesLost,

    /// <summary>A node's way to the store is long.</summary>
    StoreLinkSlow,

    /// <summary>Little goes through between a node and the store.</summary>
    StoreLinkNarrow,

    /// <summary>Clients' connections to a node break once.</summary>
    ClientLinkCut,

    /// <summary>Clients cannot reach a node.</summary>
    ClientLinkBroken,

    /// <summary>Clients hear nothing of a node, and are not told.</summary>
    ClientLinkSilent,

    /// <summary>A node hears its clients, they do not hear it; then the connections break, and what was answered is lost.</summary>
    ClientRepliesLost,

    /// <summary>Clients' way to a node is long.</summary>
    ClientLinkSlow,

    /// <summary>SIGKILL of the store; started again after a while.</summary>
    StoreKilled,

    /// <summary>SIGSTOP of the store, then SIGCONT.</summary>
    StoreFrozen,

    /// <summary>OOM: the store takes nothing more.</summary>
    StoreFull,

    /// <summary>READONLY: the store was made a replica.</summary>
    StoreReadOnly,

    /// <summary>NOAUTH: the store has another password for a while.</summary>
    StorePassword,

    /// <summary>NOREPLICAS: the store asks for a replica that is not there.</summary>
    StoreNoReplicas,

    /// <summary>LOADING: the store was killed, and reads for long what it kept.</summary>
    StoreLoading,

    /// <summary>SCRIPT FLUSH.</summary>
    ScriptsFlushed,

    /// <summary>FLUSHALL: everything is lost.</summary>
    StoreEmptied,

    /// <summary>The replica takes over in good order.</summary>
    FailedOver,

    /// <summary>The master is killed, and the replica takes over with what it has.</summary>
    MasterKilled,

    /// <summary>The replica hears nothing for a while, then the master is killed, and the replica takes over.</summary>
    FailedOverForgetting,

    /// <summary>The area's keys move to another shard.</summary>
    SlotMoved,
}
