extension Row {
    /// A `text[]`, or an array of another type of text or of an enum; nil for NULL.
    package func textArrayOrNil(_ column: Int) throws(PostgresError) -> [String?]? {
        let types: Set<OID> = [.textArray, .varcharArray, .nameArray, .jsonArray, .jsonbArray]
        return try cell(column, expecting: "a text[]", when: { types.contains($0) || $0.isUserDefined }) { bytes, _ in
            Decoder.array(bytes) { Decoder.text($0, $1) }
        }
    }

    /// A `json[]` or `jsonb[]` by its texts; nil for NULL.
    package func jsonArrayOrNil(_ column: Int) throws(PostgresError) -> [String?]? {
        let types: Set<OID> = [.jsonArray, .jsonbArray]
        return try cell(column, expecting: "a json[]", when: { types.contains($0) }) { bytes, _ in
            Decoder.array(bytes) { Decoder.text($0, $1) }
        }
    }

    /// An array of integers of any width; nil for NULL.
    package func int8ArrayOrNil(_ column: Int) throws(PostgresError) -> [Int64?]? {
        let types: Set<OID> = [.int2Array, .int4Array, .int8Array]
        return try cell(column, expecting: "a bigint[]", when: { types.contains($0) }) { bytes, _ in
            Decoder.array(bytes) { Decoder.int8($0, $1) }
        }
    }

    /// An `integer[]` or `smallint[]`; nil for NULL.
    package func int4ArrayOrNil(_ column: Int) throws(PostgresError) -> [Int32?]? {
        let types: Set<OID> = [.int2Array, .int4Array]
        return try cell(column, expecting: "an integer[]", when: { types.contains($0) }) { bytes, _ in
            Decoder.array(bytes) { Decoder.int8($0, $1).flatMap { Int32(exactly: $0) } }
        }
    }

    /// A `boolean[]`; nil for NULL.
    package func boolArrayOrNil(_ column: Int) throws(PostgresError) -> [Bool?]? {
        let types: Set<OID> = [.boolArray]
        return try cell(column, expecting: "a boolean[]", when: { types.contains($0) }) { bytes, _ in
            Decoder.array(bytes) { bytes, _ in Decoder.bool(bytes) }
        }
    }

    /// A `real[]` or `double precision[]`; nil for NULL.
    package func float8ArrayOrNil(_ column: Int) throws(PostgresError) -> [Double?]? {
        let types: Set<OID> = [.float4Array, .float8Array]
        return try cell(column, expecting: "a float[]", when: { types.contains($0) }) { bytes, _ in
            Decoder.array(bytes) { bytes, _ in Decoder.float8(bytes) }
        }
    }

    /// A `timestamptz[]`, each in microseconds since 1970; nil for NULL.
    package func timestamptzArrayOrNil(_ column: Int) throws(PostgresError) -> [Int64?]? {
        let types: Set<OID> = [.timestamptzArray]
        return try cell(column, expecting: "a timestamptz[]", when: { types.contains($0) }) { bytes, _ in
            Decoder.array(bytes) { bytes, _ in Decoder.timestamptz(bytes) }
        }
    }

    /// A `bytea[]`; nil for NULL.
    package func byteaArrayOrNil(_ column: Int) throws(PostgresError) -> [[UInt8]?]? {
        let types: Set<OID> = [.byteaArray]
        return try cell(column, expecting: "a bytea[]", when: { types.contains($0) }) { bytes, _ in
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
