/// A type of the server by its number in `pg_type`.
struct OID: RawRepresentable, Hashable, Sendable {
    /// The number.
    let rawValue: UInt32

    /// Left to the server to infer.
    static let unknown = OID(rawValue: 0)
    /// `bool`.
    static let bool = OID(rawValue: 16)
    /// `bytea`.
    static let bytea = OID(rawValue: 17)
    /// The one-byte `"char"`.
    static let char = OID(rawValue: 18)
    /// `name`.
    static let name = OID(rawValue: 19)
    /// `int8`.
    static let int8 = OID(rawValue: 20)
    /// `int2`.
    static let int2 = OID(rawValue: 21)
    /// `int4`.
    static let int4 = OID(rawValue: 23)
    /// `text`.
    static let text = OID(rawValue: 25)
    /// `oid`.
    static let oid = OID(rawValue: 26)
    /// `json`.
    static let json = OID(rawValue: 114)
    /// `float4`.
    static let float4 = OID(rawValue: 700)
    /// `float8`.
    static let float8 = OID(rawValue: 701)
    /// A literal whose type was never decided.
    static let unknownText = OID(rawValue: 705)
    /// `char(n)`.
    static let bpchar = OID(rawValue: 1042)
    /// `varchar`.
    static let varchar = OID(rawValue: 1043)
    /// `timestamptz`.
    static let timestamptz = OID(rawValue: 1184)
    /// The result of a function without one.
    static let void = OID(rawValue: 2278)
    /// `uuid`.
    static let uuid = OID(rawValue: 2950)
    /// `jsonb`.
    static let jsonb = OID(rawValue: 3802)
    /// `xid8`.
    static let xid8 = OID(rawValue: 5069)

    /// `json[]`.
    static let jsonArray = OID(rawValue: 199)
    /// `bool[]`.
    static let boolArray = OID(rawValue: 1000)
    /// `bytea[]`.
    static let byteaArray = OID(rawValue: 1001)
    /// `name[]`.
    static let nameArray = OID(rawValue: 1003)
    /// `int2[]`.
    static let int2Array = OID(rawValue: 1005)
    /// `int4[]`.
    static let int4Array = OID(rawValue: 1007)
    /// `text[]`.
    static let textArray = OID(rawValue: 1009)
    /// `varchar[]`.
    static let varcharArray = OID(rawValue: 1015)
    /// `int8[]`.
    static let int8Array = OID(rawValue: 1016)
    /// `float4[]`.
    static let float4Array = OID(rawValue: 1021)
    /// `float8[]`.
    static let float8Array = OID(rawValue: 1022)
    /// `timestamptz[]`.
    static let timestamptzArray = OID(rawValue: 1185)
    /// `uuid[]`.
    static let uuidArray = OID(rawValue: 2951)
    /// `jsonb[]`.
    static let jsonbArray = OID(rawValue: 3807)

    /// Whether the type was made by a user: an enum, or an extension's type.
    var isUserDefined: Bool { rawValue >= 16384 }

    /// Whether cells of the type are read as integers.
    var isInteger: Bool {
        switch self {
        case .int2, .int4, .int8, .oid, .xid8: true
        default: false
        }
    }

    /// Whether cells of the type are read as text.
    var isText: Bool {
        switch self {
        case .text, .varchar, .bpchar, .char, .name, .json, .jsonb, .unknownText: true
        default: isUserDefined
        }
    }

    /// Whether cells of the type are read as arrays of text.
    var isTextArray: Bool {
        switch self {
        case .textArray, .varcharArray, .nameArray, .jsonArray, .jsonbArray: true
        default: isUserDefined
        }
    }

    /// Whether cells of the type are read as arrays of integers.
    var isIntegerArray: Bool {
        switch self {
        case .int2Array, .int4Array, .int8Array: true
        default: false
        }
    }
}
