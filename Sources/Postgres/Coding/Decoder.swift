/// Reads values of the server's binary format; nil where the bytes do not fit.
enum Decoder {
    /// An unsigned integer of the given width at an offset.
    static func integer(_ bytes: borrowing Span<UInt8>, at offset: Int = 0, width: Int) -> UInt64? {
        guard offset >= 0, offset + width <= bytes.count else { return nil }
        var value: UInt64 = 0
        for index in offset..<(offset + width) { value = value << 8 | UInt64(bytes[index]) }
        return value
    }

    /// A signed integer of two, four or eight bytes; four unsigned for `oid`.
    static func int8(_ bytes: borrowing Span<UInt8>, _ type: OID) -> Int64? {
        guard let value = integer(bytes, width: bytes.count) else { return nil }
        switch (type, bytes.count) {
        case (.oid, 4): return Int64(value)
        case (_, 2): return Int64(Int16(truncatingIfNeeded: value))
        case (_, 4): return Int64(Int32(truncatingIfNeeded: value))
        case (_, 8): return Int64(bitPattern: value)
        default: return nil
        }
    }

    /// A `boolean` of one byte.
    static func bool(_ bytes: borrowing Span<UInt8>) -> Bool? {
        bytes.count == 1 ? bytes[0] != 0 : nil
    }

    /// A float of four or eight bytes.
    static func float8(_ bytes: borrowing Span<UInt8>) -> Double? {
        switch bytes.count {
        case 4: integer(bytes, width: 4).map { Double(Float(bitPattern: UInt32($0))) }
        case 8: integer(bytes, width: 8).map { Double(bitPattern: $0) }
        default: nil
        }
    }

    /// Microseconds since 1970.
    static func timestamptz(_ bytes: borrowing Span<UInt8>) -> Int64? {
        guard bytes.count == 8 else { return nil }
        return integer(bytes, width: 8).map { Timestamps.fromServer(Int64(bitPattern: $0)) }
    }

    /// Text; of a `jsonb` what follows its version byte.
    static func text(_ bytes: borrowing Span<UInt8>, _ type: OID) -> String? {
        if type == .jsonb {
            guard bytes.count > 0, bytes[0] == 1 else { return nil }
            return string(bytes.extracting(droppingFirst: 1))
        }
        return string(bytes)
    }

    /// A copy of the bytes.
    static func bytes(_ bytes: borrowing Span<UInt8>) -> [UInt8] {
        // Safe: the array copies the bytes before the call returns.
        unsafe bytes.withUnsafeBufferPointer { unsafe Array($0) }
    }

    /// The elements of an array of at most one dimension.
    static func array<Element>(
        _ bytes: borrowing Span<UInt8>, _ element: (borrowing Span<UInt8>, OID) -> Element?
    ) -> [Element?]? {
        guard let dimensions = integer(bytes, width: 4),
            let type = integer(bytes, at: 8, width: 4).map({ OID(rawValue: UInt32($0)) })
        else { return nil }
        if dimensions == 0 { return bytes.count == 12 ? [] : nil }
        guard dimensions == 1, let count = integer(bytes, at: 12, width: 4) else { return nil }
        var elements: [Element?] = []
        // Never more than the bytes can hold, whatever the header says.
        elements.reserveCapacity(min(Int(count), bytes.count / 4))
        var offset = 20
        for _ in 0..<count {
            guard let length = integer(bytes, at: offset, width: 4) else { return nil }
            offset += 4
            if length == 0xFFFF_FFFF {
                elements.append(nil)
                continue
            }
            guard offset + Int(length) <= bytes.count,
                let value = element(bytes.extracting(offset..<(offset + Int(length))), type)
            else { return nil }
            elements.append(value)
            offset += Int(length)
        }
        return offset == bytes.count ? elements : nil
    }

    private static func string(_ bytes: borrowing Span<UInt8>) -> String? {
        guard let text = try? UTF8Span(validating: copy bytes) else { return nil }
        return String(copying: text)
    }
}
