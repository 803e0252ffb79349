import LinkCore
import LinkStore
import LinkTesting
import Postgres
import Testing

/// Payloads on the engine's bench: what is sent is worked on until nothing is left.
struct DiscoveryBench {
    let bench: EngineBench

    init(
        _ name: String = #function, file: String = #fileID, enabled: Bool = true,
        _ edit: (inout BatchLimits) -> Void = { _ in }
    ) async throws {
        bench = try await EngineBench(name, file: file, edit)
        if enabled { try await bench.run("SELECT assetlink.enable_discovery()") }
    }

    /// Sends a payload and returns its number.
    @discardableResult
    func send(_ payload: String) async throws -> Int64 {
        let rows = try await bench.connection.query("SELECT assetlink.discover($1::text::jsonb)", [.text(payload)])
        return try rows.first?.int8(0) ?? 0
    }

    /// Batches and pages of discovery in turn, as the daemon has them, until neither has anything to do.
    func work() async throws {
        for _ in 0..<1_000 {
            try await bench.drain()
            if try await bench.engine.discover() == 0 { return }
        }
        Issue.record("discovery never comes to an end")
    }

    /// Looks whether what parked items lack has come, as housekeeping does, and works on.
    func retry() async throws {
        try await bench.run("SELECT assetlink_internal.retry_discovery()")
        try await work()
    }

    /// What became of the items of a payload: `inserted`, `updated 3 by 10`, `parked MISSING_DEPENDENCY`.
    func results(_ payload: Int64) async throws -> [String] {
        try await bench.rows(
            """
            SELECT concat_ws(' ', state, reason_code, CASE WHEN state IN ('updated', 'no_change') THEN ci_id END,
                'by ' || entry_priority)
            FROM assetlink.discovery_result WHERE payload_id = \(payload) ORDER BY item
            """)
    }

    /// Sends a payload, works on it, and says what became of its items.
    func discover(_ payload: String) async throws -> [String] {
        let number = try await send(payload)
        try await work()
        return try await results(number)
    }

    /// CIs by name: `name: class serial`, in the order of their numbers.
    func cis() async throws -> [String] {
        try await bench.rows(
            "SELECT concat_ws(' ', coalesce(name, '-') || ':', ci_class, serial_number) FROM cmdb.ci ORDER BY ci_id")
    }

    /// Replaces the rule of a class.
    func rule(_ name: String, parent: String = "ci", _ entries: String, more: String = "") async throws {
        try await bench.run(
            """
            INSERT INTO assetlink.ci_class (class, parent, rule)
            VALUES ('\(name)', '\(parent)', '{"entries": [\(entries)]\(more)}')
            ON CONFLICT (class) DO UPDATE SET rule = excluded.rule
            """)
        try await bench.drain()
    }
}

/// An item as JSON: `server(["name": "a"], serials: ["bios": "B"])`.
func item(
    _ className: String, _ values: KeyValuePairs<String, String> = [:],
    serials: KeyValuePairs<String, String> = [:], macs: [String] = [], lookup: [String] = [],
    more: String = ""
) -> String {
    let own = values.map { "\(JSONText.string($0.key)): \(JSONText.string($0.value))" }.joined(separator: ", ")
    let typed = serials.map {
        #"{"className": "serials", "values": {"type": "\#($0.key)", "value": "\#($0.value)"}}"#
    }
    let adapters = macs.enumerated().map {
        #"{"className": "network_adapters", "values": {"name": "eth\#($0.offset)", "mac": "\#($0.element)"}}"#
    }
    let lookup = (typed + adapters + lookup).joined(separator: ", ")
    return #"{"className": "\#(className)", "values": {\#(own)}, "lookup": [\#(lookup)]\#(more)}"#
}

/// A payload of items, and of relations as (parent, child).
func payload(_ items: String..., contains: [(Int, Int)] = [], more: String = "") -> String {
    let relations = contains.map { #"{"parent": \#($0.0), "child": \#($0.1), "type": "contains"}"# }
    return
        #"{"items": [\#(items.joined(separator: ", "))], "relations": [\#(relations.joined(separator: ", "))]\#(more)}"#
}
