import LinkTesting

/// The decoders that are fuzzed.
///
/// Rule documents in YAML have no target yet.
enum FuzzTargets {
    /// All of them.
    static let all: [FuzzTarget] = [
        arguments, binaryValue, canonical, conninfo, cursor, decisions, discovery, event, history, lifecycle, machine,
        migration,
        notification, pattern, postgresForms, reference, rules, server, snapshot,
    ]

    /// One by its name; the broken ones of the negative controls among them.
    static func named(_ name: String) throws -> FuzzTarget {
        guard let target = (all + BrokenDecoders.all).first(where: { $0.name == name }) else {
            throw FuzzFinding("there is no decoder \(name)")
        }
        return target
    }
}
