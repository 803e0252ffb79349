package import Postgres

/// Reads the columns of a row one after the other, so that a statement and its decoder keep the same order.
package struct Columns {
    private let row: Row
    private var next = 0

    package init(_ row: Row) { self.row = row }

    private mutating func advance() -> Int {
        defer { next += 1 }
        return next
    }

    package mutating func int8() throws(PostgresError) -> Int64 { try row.int8(advance()) }
    package mutating func int8OrNil() throws(PostgresError) -> Int64? { try row.int8OrNil(advance()) }
    package mutating func int() throws(PostgresError) -> Int { Int(try row.int8(advance())) }
    package mutating func intOrNil() throws(PostgresError) -> Int? { try row.int8OrNil(advance()).map(Int.init) }
    package mutating func int4() throws(PostgresError) -> Int32 { try row.int4(advance()) }
    package mutating func int4OrNil() throws(PostgresError) -> Int32? { try row.int4OrNil(advance()) }
    package mutating func bool() throws(PostgresError) -> Bool { try row.bool(advance()) }
    package mutating func boolOrNil() throws(PostgresError) -> Bool? { try row.boolOrNil(advance()) }
    package mutating func text() throws(PostgresError) -> String { try row.text(advance()) }
    package mutating func textOrNil() throws(PostgresError) -> String? { try row.textOrNil(advance()) }
    package mutating func time() throws(PostgresError) -> Int64 { try row.timestamptz(advance()) }
    package mutating func timeOrNil() throws(PostgresError) -> Int64? { try row.timestamptzOrNil(advance()) }
    package mutating func bytes() throws(PostgresError) -> [UInt8] { try row.bytes(advance()) }
    package mutating func bytesOrNil() throws(PostgresError) -> [UInt8]? { try row.bytesOrNil(advance()) }
    package mutating func texts() throws(PostgresError) -> [String] {
        try (row.textArrayOrNil(advance()) ?? []).compactMap { $0 }
    }
    package mutating func textsOrNulls() throws(PostgresError) -> [String?] { try row.textArrayOrNil(advance()) ?? [] }
    package mutating func int8s() throws(PostgresError) -> [Int64] {
        try (row.int8ArrayOrNil(advance()) ?? []).compactMap { $0 }
    }
    package mutating func int4s() throws(PostgresError) -> [Int32] {
        try (row.int4ArrayOrNil(advance()) ?? []).compactMap { $0 }
    }
    package mutating func skip() { next += 1 }
}

extension Parameter {
    package static func texts(_ values: [String]) -> Parameter { .textArray(values.map { $0 }) }
    package static func texts(_ values: [String?]) -> Parameter { .textArray(values) }
    package static func refs(_ values: some Sequence<Int64>) -> Parameter { .int8Array(values.map { $0 }) }
    package static func int4s(_ values: [Int32]) -> Parameter { .int4Array(values.map { $0 }) }
    package static func smallInts(_ values: [Int]) -> Parameter { .int4Array(values.map { Int32($0) }) }
    package static func optionalText(_ value: String?) -> Parameter { .textArray([value]) }
}
