extension Row {
    /// An `int2`, `int4`, `int8`, `oid` or `xid8`, by its width; nil for NULL.
    package func int8OrNil(_ column: Int) throws(PostgresError) -> Int64? {
        try cell(column, expecting: "an integer", when: { $0.isInteger }) { Decoder.int8($0, $1) }
    }

    /// An `int2` or `int4`; nil for NULL.
    package func int4OrNil(_ column: Int) throws(PostgresError) -> Int32? {
        try cell(column, expecting: "an int4", when: { $0 == .int4 || $0 == .int2 }) { bytes, type in
            Decoder.int8(bytes, type).flatMap { Int32(exactly: $0) }
        }
    }

    /// A `boolean`; nil for NULL.
    package func boolOrNil(_ column: Int) throws(PostgresError) -> Bool? {
        try cell(column, expecting: "a boolean", when: { $0 == .bool }) { bytes, _ in Decoder.bool(bytes) }
    }

    /// A `float4` or `float8`; nil for NULL.
    package func float8OrNil(_ column: Int) throws(PostgresError) -> Double? {
        try cell(column, expecting: "a float", when: { $0 == .float8 || $0 == .float4 }) { bytes, _ in
            Decoder.float8(bytes)
        }
    }

    /// A `text`, `varchar`, `char`, `name`, `json`, `jsonb`, enum or other type of text; nil for NULL.
    package func textOrNil(_ column: Int) throws(PostgresError) -> String? {
        try cell(column, expecting: "a text", when: { $0.isText }) { Decoder.text($0, $1) }
    }

    /// The text of a `json` or `jsonb`; nil for NULL.
    package func jsonOrNil(_ column: Int) throws(PostgresError) -> String? {
        try cell(column, expecting: "a json", when: { $0 == .json || $0 == .jsonb }) { Decoder.text($0, $1) }
    }

    /// A `bytea`; nil for NULL.
    package func bytesOrNil(_ column: Int) throws(PostgresError) -> [UInt8]? {
        try cell(column, expecting: "a bytea", when: { $0 == .bytea }) { bytes, _ in Decoder.bytes(bytes) }
    }

    /// A `timestamptz` in microseconds since 1970, the extremes for the infinities; nil for NULL.
    package func timestamptzOrNil(_ column: Int) throws(PostgresError) -> Int64? {
        try cell(column, expecting: "a timestamptz", when: { $0 == .timestamptz }) { bytes, _ in
            Decoder.timestamptz(bytes)
        }
    }

    /// A `uuid` as its two halves, most significant first; nil for NULL.
    package func uuidOrNil(_ column: Int) throws(PostgresError) -> (UInt64, UInt64)? {
        try cell(column, expecting: "a uuid", when: { $0 == .uuid }) { bytes, _ in
            guard bytes.count == 16, let high = Decoder.integer(bytes, width: 8),
                let low = Decoder.integer(bytes, at: 8, width: 8)
            else { return nil }
            return (high, low)
        }
    }

    /// As `int8OrNil`, refusing NULL.
    package func int8(_ column: Int) throws(PostgresError) -> Int64 { try required(column, int8OrNil(column)) }
    /// As `int4OrNil`, refusing NULL.
    package func int4(_ column: Int) throws(PostgresError) -> Int32 { try required(column, int4OrNil(column)) }
    /// As `boolOrNil`, refusing NULL.
    package func bool(_ column: Int) throws(PostgresError) -> Bool { try required(column, boolOrNil(column)) }
    /// As `float8OrNil`, refusing NULL.
    package func float8(_ column: Int) throws(PostgresError) -> Double { try required(column, float8OrNil(column)) }
    /// As `textOrNil`, refusing NULL.
    package func text(_ column: Int) throws(PostgresError) -> String { try required(column, textOrNil(column)) }
    /// As `jsonOrNil`, refusing NULL.
    package func json(_ column: Int) throws(PostgresError) -> String { try required(column, jsonOrNil(column)) }
    /// As `bytesOrNil`, refusing NULL.
    package func bytes(_ column: Int) throws(PostgresError) -> [UInt8] { try required(column, bytesOrNil(column)) }
    /// As `timestamptzOrNil`, refusing NULL.
    package func timestamptz(_ column: Int) throws(PostgresError) -> Int64 {
        try required(column, timestamptzOrNil(column))
    }
    /// As `uuidOrNil`, refusing NULL.
    package func uuid(_ column: Int) throws(PostgresError) -> (UInt64, UInt64) {
        try required(column, uuidOrNil(column))
    }
}
