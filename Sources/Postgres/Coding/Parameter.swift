/// One value bound to a placeholder; sent in binary with its type.
package enum Parameter: Sendable, Equatable {
    /// NULL, of the type the server infers.
    case null
    /// A `boolean`.
    case bool(Bool)
    /// An `integer`.
    case int4(Int32)
    /// A `bigint`.
    case int8(Int64)
    /// A `double precision`.
    case float8(Double)
    /// A `text`; the server refuses U+0000.
    case text(String)
    /// A `bytea`.
    case bytes([UInt8])
    /// A `uuid` as its two halves, most significant first.
    case uuid(UInt64, UInt64)
    /// A `timestamptz` in microseconds since 1970; `Int64.max` and `Int64.min` are the infinities.
    case timestamptz(Int64)
    /// A `jsonb` by its text.
    case json(String)
    /// A `text[]`.
    case textArray([String?])
    /// An `integer[]`.
    case int4Array([Int32?])
    /// A `bigint[]`.
    case int8Array([Int64?])
    /// A `boolean[]`.
    case boolArray([Bool?])
    /// A `double precision[]`.
    case float8Array([Double?])
    /// A `timestamptz[]`, each as in `timestamptz`.
    case timestamptzArray([Int64?])
    /// A `jsonb[]`, each by its text.
    case jsonArray([String?])
    /// A `bytea[]`.
    case byteaArray([[UInt8]?])

    /// The type sent to the server.
    var type: OID {
        switch self {
        case .null: .unknown
        case .bool: .bool
        case .int4: .int4
        case .int8: .int8
        case .float8: .float8
        case .text: .text
        case .bytes: .bytea
        case .uuid: .uuid
        case .timestamptz: .timestamptz
        case .json: .jsonb
        case .textArray: .textArray
        case .int4Array: .int4Array
        case .int8Array: .int8Array
        case .boolArray: .boolArray
        case .float8Array: .float8Array
        case .timestamptzArray: .timestamptzArray
        case .jsonArray: .jsonbArray
        case .byteaArray: .byteaArray
        }
    }
}
