import LinkStore
import Postgres

/// What became of an item, or would.
struct DiscoveredItem {
    private let number: Int64
    private let className: String?
    private let state: String
    private let code: String?
    private let detail: String?
    private let ciID: String?
    private let priority: Int64?

    init(_ item: DiscoveryPreview.Item) {
        number = Int64(item.number)
        className = item.className
        state = item.state
        code = item.code
        detail = item.detail
        ciID = item.ciID
        priority = item.priority.map { Int64($0) }
    }

    /// From a row of `discovery_results`, after its JSON.
    init(_ row: Row) throws(PostgresError) {
        number = Int64(try row.int4(1))
        className = try row.textOrNil(2)
        state = try row.text(3)
        code = try row.textOrNil(4)
        detail = try row.textOrNil(5)
        ciID = try row.textOrNil(6)
        priority = try row.int4OrNil(7).map { Int64($0) }
    }

    /// Somebody should look at it.
    var isTrouble: Bool { ["parked", "rejected", "conflict"].contains(state) }

    /// `2 inserted, 1 parked`.
    static func summary(_ items: [DiscoveredItem]) -> String {
        let order = ["inserted", "updated", "no_change", "parked", "rejected", "conflict", "pending"]
        let counts = order.compactMap { state -> String? in
            let count = items.count { $0.state == state }
            return count == 0 ? nil : "\(grouped(Int64(count))) \(state)"
        }
        return counts.isEmpty ? "no items" : counts.joined(separator: ", ")
    }

    static func show(_ items: [DiscoveredItem], _ session: Session) {
        guard !items.isEmpty else { return }
        session.show(
            Table(
                [
                    .number("ITEM"), .text("CLASS", narrowest: 8), .fixed("RESULT"), .fixed("CI"), .number("ENTRY"),
                    .text("WHY", narrowest: 20),
                ],
                items.map { item in
                    [
                        "\(item.number)", item.className, item.state, item.ciID, item.priority.map { "\($0)" },
                        [item.code, item.detail].compactMap { $0 }.joined(separator: ": "),
                    ]
                }))
    }
}

extension DiscoveryPreview.Item {
    /// As `discovery_result` names the columns.
    var json: JSON {
        .object([
            ("item", .integer(Int64(number))), ("class_name", .text(className)), ("state", .string(state)),
            ("reason_code", .text(code)), ("detail", .text(detail)), ("ci_id", .text(ciID)), ("rule", .text(rule)),
            ("entry_priority", priority.map { .integer(Int64($0)) } ?? .null),
            ("matches", .array(matches.map { .string($0) })),
        ])
    }
}

extension DiscoveryPreview.Relation {
    /// As `discovery_relation_result` names the columns.
    var json: JSON {
        .object([
            ("kind", .string(kind)), ("relation", .integer(Int64(number))),
            ("parent_item", parent.map { .integer(Int64($0)) } ?? .null),
            ("child_item", child.map { .integer(Int64($0)) } ?? .null), ("type", .string(type)),
            ("state", .string(state)), ("reason_code", .text(code)), ("detail", .text(detail)),
        ])
    }
}
