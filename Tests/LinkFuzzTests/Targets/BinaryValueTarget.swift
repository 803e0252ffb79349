import LinkTesting

@testable import Postgres

extension FuzzTargets {
    /// Values in the server's binary format: the first byte chooses the decoder, four are a type, the rest the value.
    ///
    /// A value or nothing, never a trap; and what was decoded comes back the same from our own encoder.
    static let binaryValue = FuzzTarget("binary-value") { bytes in
        guard bytes.count >= 5 else { return "too short" }
        let type = OID(rawValue: bytes[1..<5].reduce(0) { $0 << 8 | UInt32($1) })
        let decoders = scalarDecoders + arrayDecoders
        return try decoders[Int(bytes[0]) % decoders.count](Array(bytes[5...]), type)
    }

    private typealias Decoding = @Sendable ([UInt8], OID) throws -> String

    private static let scalarDecoders: [Decoding] = [
        { bytes, type in
            guard let value = Decoder.int8(bytes.span, type) else { return "no int8" }
            return try comesBack("int8", .int8(value)) { Decoder.int8($0.span, .int8) == value }
        },
        { bytes, _ in
            guard let value = Decoder.bool(bytes.span) else { return "no bool" }
            return try comesBack("bool", .bool(value)) { Decoder.bool($0.span) == value }
        },
        { bytes, _ in
            guard let value = Decoder.float8(bytes.span) else { return "no float8" }
            return try comesBack("float8", .float8(value)) { Decoder.float8($0.span)?.bitPattern == value.bitPattern }
        },
        { bytes, _ in
            guard let value = Decoder.timestamptz(bytes.span) else { return "no timestamptz" }
            return try comesBack("timestamptz", .timestamptz(value)) { Decoder.timestamptz($0.span) == value }
        },
        { bytes, type in
            guard let value = Decoder.text(bytes.span, type) else { return "no text" }
            return try comesBack("text", .text(value)) { Decoder.text($0.span, .text) == value }
        },
        { bytes, _ in
            guard let value = Decoder.text(bytes.span, .jsonb) else { return "no jsonb" }
            return try comesBack("jsonb", .json(value)) { Decoder.text($0.span, .jsonb) == value }
        },
        { bytes, _ in
            let value = Decoder.bytes(bytes.span)
            try FuzzFinding.unless(value == bytes, "bytes that are other bytes")
            return try comesBack("bytea", .bytes(value)) { Decoder.bytes($0.span) == value }
        },
    ]

    private static let arrayDecoders: [Decoding] = [
        { bytes, _ in try array("text[]", bytes, Decoder.text) { .textArray($0) } },
        { bytes, _ in try array("json[]", bytes, Decoder.text) { .jsonArray($0) } },
        { bytes, _ in try array("int8[]", bytes, Decoder.int8) { .int8Array($0) } },
        { bytes, _ in
            try array("bool[]", bytes) { item, _ in
                Decoder.bool(item)
            } encode: {
                .boolArray($0)
            }
        },
        { bytes, _ in
            // Not-a-number equals nothing, itself included.
            try array("float8[]", bytes) { item, _ in
                Decoder.float8(item).map { $0.isNaN ? 0 : $0 }
            } encode: {
                .float8Array($0)
            }
        },
        { bytes, _ in
            try array("timestamptz[]", bytes) { item, _ in
                Decoder.timestamptz(item)
            } encode: {
                .timestamptzArray($0)
            }
        },
        { bytes, _ in
            try array("bytea[]", bytes) { item, _ in
                Decoder.bytes(item)
            } encode: {
                .byteaArray($0)
            }
        },
    ]

    private static func comesBack(
        _ name: String, _ parameter: Parameter, _ isTheSame: ([UInt8]) -> Bool
    ) throws -> String {
        var written: [UInt8] = []
        try FuzzFinding.unless(written.append(parameter), "\(name): a value is written as NULL")
        try FuzzFinding.unless(isTheSame(written), "\(name): written and read again it is another")
        return name
    }

    private static func array<Value: Equatable>(
        _ name: String, _ bytes: [UInt8], _ decode: (borrowing Span<UInt8>, OID) -> Value?,
        encode: ([Value?]) -> Parameter
    ) throws -> String {
        guard let values = Decoder.array(bytes.span, decode) else { return "no \(name)" }
        try FuzzFinding.unless(values.count <= bytes.count / 4, "\(name): more elements than bytes")
        _ = try comesBack(name, encode(values)) { Decoder.array($0.span, decode) == values }
        return "\(name) of \(min(values.count, 3))"
    }
}
