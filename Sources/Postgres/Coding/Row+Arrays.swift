extension Row {
    /// A `text[]`, or an array of another type of text or of an enum; nil for NULL.
    package func textArrayOrNil(_ column: Int) throws(PostgresError) -> [String?]? {
        try cell(column, expecting: "a text[]", when: { $0.isTextArray }) { bytes, _ in
            Decoder.array(bytes) { Decoder.text($0, $1) }
        }
    }

    /// A `json[]` or `jsonb[]` by its texts; nil for NULL.
    package func jsonArrayOrNil(_ column: Int) throws(PostgresError) -> [String?]? {
        try cell(column, expecting: "a json[]", when: { $0 == .jsonArray || $0 == .jsonbArray }) { bytes, _ in
            Decoder.array(bytes) { Decoder.text($0, $1) }
        }
    }

    /// An array of integers of any width; nil for NULL.
    package func int8ArrayOrNil(_ column: Int) throws(PostgresError) -> [Int64?]? {
        try cell(column, expecting: "a bigint[]", when: { $0.isIntegerArray }) { bytes, _ in
            Decoder.array(bytes) { Decoder.int8($0, $1) }
        }
    }

    /// An `integer[]` or `smallint[]`; nil for NULL.
    package func int4ArrayOrNil(_ column: Int) throws(PostgresError) -> [Int32?]? {
        try cell(column, expecting: "an integer[]", when: { $0 == .int2Array || $0 == .int4Array }) { bytes, _ in
            Decoder.array(bytes) { Decoder.int8($0, $1).flatMap { Int32(exactly: $0) } }
        }
    }

    /// A `boolean[]`; nil for NULL.
    package func boolArrayOrNil(_ column: Int) throws(PostgresError) -> [Bool?]? {
        try cell(column, expecting: "a boolean[]", when: { $0 == .boolArray }) { bytes, _ in
            Decoder.array(bytes) { bytes, _ in Decoder.bool(bytes) }
        }
    }

    /// A `real[]` or `double precision[]`; nil for NULL.
    package func float8ArrayOrNil(_ column: Int) throws(PostgresError) -> [Double?]? {
        try cell(column, expecting: "a float[]", when: { $0 == .float4Array || $0 == .float8Array }) { bytes, _ in
            Decoder.array(bytes) { bytes, _ in Decoder.float8(bytes) }
        }
    }

    /// A `timestamptz[]`, each in microseconds since 1970; nil for NULL.
    package func timestamptzArrayOrNil(_ column: Int) throws(PostgresError) -> [Int64?]? {
        try cell(column, expecting: "a timestamptz[]", when: { $0 == .timestamptzArray }) { bytes, _ in
            Decoder.array(bytes) { bytes, _ in Decoder.timestamptz(bytes) }
        }
    }

    /// A `bytea[]`; nil for NULL.
    package func byteaArrayOrNil(_ column: Int) throws(PostgresError) -> [[UInt8]?]? {
        try cell(column, expecting: "a bytea[]", when: { $0 == .byteaArray }) { bytes, _ in
            Decoder.array(bytes) { bytes, _ in Decoder.bytes(bytes) }
        }
    }

    /// As `textArrayOrNil`, refusing NULL.
    package func textArray(_ column: Int) throws(PostgresError) -> [String?] {
        try required(column, textArrayOrNil(column))
    }
    /// As `jsonArrayOrNil`, refusing NULL.
    package func jsonArray(_ column: Int) throws(PostgresError) -> [String?] {
        try required(column, jsonArrayOrNil(column))
    }
    /// As `int8ArrayOrNil`, refusing NULL.
    package func int8Array(_ column: Int) throws(PostgresError) -> [Int64?] {
        try required(column, int8ArrayOrNil(column))
    }
    /// As `int4ArrayOrNil`, refusing NULL.
    package func int4Array(_ column: Int) throws(PostgresError) -> [Int32?] {
        try required(column, int4ArrayOrNil(column))
    }
    /// As `boolArrayOrNil`, refusing NULL.
    package func boolArray(_ column: Int) throws(PostgresError) -> [Bool?] {
        try required(column, boolArrayOrNil(column))
    }
    /// As `float8ArrayOrNil`, refusing NULL.
    package func float8Array(_ column: Int) throws(PostgresError) -> [Double?] {
        try required(column, float8ArrayOrNil(column))
    }
    /// As `timestamptzArrayOrNil`, refusing NULL.
    package func timestamptzArray(_ column: Int) throws(PostgresError) -> [Int64?] {
        try required(column, timestamptzArrayOrNil(column))
    }
    /// As `byteaArrayOrNil`, refusing NULL.
    package func byteaArray(_ column: Int) throws(PostgresError) -> [[UInt8]?] {
        try required(column, byteaArrayOrNil(column))
    }
}
