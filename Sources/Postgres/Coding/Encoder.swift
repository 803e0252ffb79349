/// Appends values in the server's binary format: big-endian, UTF-8.
extension [UInt8] {
    /// Appends an integer of any width.
    mutating func append<Integer: FixedWidthInteger>(bigEndian value: Integer) {
        // Safe: the bytes are copied before the call returns.
        unsafe Swift.withUnsafeBytes(of: value.bigEndian) { unsafe append(contentsOf: $0) }
    }

    /// Appends the value of a parameter; false for NULL.
    mutating func append(_ parameter: Parameter) -> Bool {
        switch parameter {
        case .null: return false
        case .bool(let value): append(value ? 1 : 0)
        case .int4(let value): append(bigEndian: value)
        case .int8(let value): append(bigEndian: value)
        case .float8(let value): append(bigEndian: value.bitPattern)
        case .text(let value): append(contentsOf: value.utf8)
        case .bytes(let value): append(contentsOf: value)
        case .uuid(let high, let low):
            append(bigEndian: high)
            append(bigEndian: low)
        case .timestamptz(let value): append(bigEndian: Timestamps.toServer(value))
        case .json(let value): append(json: value)
        case .textArray(let values): append(array: values, of: .text) { $0.append(contentsOf: $1.utf8) }
        case .int4Array(let values): append(array: values, of: .int4) { $0.append(bigEndian: $1) }
        case .int8Array(let values): append(array: values, of: .int8) { $0.append(bigEndian: $1) }
        case .boolArray(let values): append(array: values, of: .bool) { $0.append($1 ? 1 : 0) }
        case .float8Array(let values):
            append(array: values, of: .float8) { $0.append(bigEndian: $1.bitPattern) }
        case .timestamptzArray(let values):
            append(array: values, of: .timestamptz) { $0.append(bigEndian: Timestamps.toServer($1)) }
        case .jsonArray(let values): append(array: values, of: .jsonb) { $0.append(json: $1) }
        case .byteaArray(let values): append(array: values, of: .bytea) { $0.append(contentsOf: $1) }
        }
        return true
    }

    /// Makes room without giving up the doubling that keeps appending cheap.
    private mutating func reserveAtLeast(_ size: Int) {
        if size > capacity { reserveCapacity(Swift.max(size, capacity * 2)) }
    }

    /// A jsonb is a version byte and its text.
    private mutating func append(json: String) {
        append(1)
        append(contentsOf: json.utf8)
    }

    /// Dimensions, null flag, element type, size, lower bound; then each element with its length, -1 for NULL.
    private mutating func append<Item>(
        array elements: [Item?], of type: OID, _ encode: (inout [UInt8], Item) -> Void
    ) {
        append(bigEndian: Int32(elements.isEmpty ? 0 : 1))
        append(bigEndian: Int32(elements.contains { $0 == nil } ? 1 : 0))
        append(bigEndian: type.rawValue)
        if elements.isEmpty { return }
        reserveAtLeast(count + 12 * elements.count)
        append(bigEndian: Int32(truncatingIfNeeded: elements.count))
        append(bigEndian: Int32(1))
        for element in elements {
            let lengthAt = count
            append(bigEndian: Int32(-1))
            guard let element else { continue }
            encode(&self, element)
            let length = UInt32(truncatingIfNeeded: count - lengthAt - 4)
            for byte in 0..<4 { self[lengthAt + byte] = UInt8(truncatingIfNeeded: length >> UInt32(24 - 8 * byte)) }
        }
    }
}

/// Between our epoch and the server's: 1970 and 2000.
enum Timestamps {
    private static let offset: Int64 = 946_684_800_000_000

    /// Microseconds since 2000; the extremes are the server's infinities.
    static func toServer(_ value: Int64) -> Int64 {
        if value == .max { return .max }
        let (shifted, overflow) = value.subtractingReportingOverflow(offset)
        return overflow ? .min : shifted
    }

    /// Microseconds since 1970.
    static func fromServer(_ value: Int64) -> Int64 {
        if value == .min { return .min }
        let (shifted, overflow) = value.addingReportingOverflow(offset)
        return overflow ? .max : shifted
    }
}
