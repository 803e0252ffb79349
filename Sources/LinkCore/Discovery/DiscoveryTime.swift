/// Times as payloads write them.
package enum DiscoveryTime {
    /// Microseconds since 1970 of `2026-01-31T08:30:00.5Z`; a space for the `T`, an offset for the `Z`, or neither
    /// (UTC) will do, and a date alone is its first moment.
    ///
    /// - Returns: `nil` for anything else.
    package static func parse(_ text: String) -> Timestamp? {
        var reader = DigitReader(bytes: Array(WhiteSpace.trimmed(text).utf8))
        guard let year = reader.number(4), year > 0, reader.take("-"), let month = reader.number(2), reader.take("-"),
            let day = reader.number(2), (1...12).contains(month), day >= 1, day <= days(of: month, year)
        else { return nil }
        var seconds = daysSince1970(year, month, day) * 86_400
        var micros = 0
        if !reader.isAtEnd {
            guard reader.take("T") || reader.take("t") || reader.take(" "), let hour = reader.number(2), hour < 24,
                reader.take(":"), let minute = reader.number(2), minute < 60
            else { return nil }
            var second = 0
            if reader.take(":") {
                guard let read = reader.number(2), read < 60 else { return nil }
                second = read
                if reader.take(".") {
                    guard let fraction = reader.fraction() else { return nil }
                    micros = fraction
                }
            }
            seconds += hour * 3_600 + minute * 60 + second
            guard let offset = reader.offset(), reader.isAtEnd else { return nil }
            seconds -= offset
        }
        return Timestamp(seconds) * 1_000_000 + Timestamp(micros)
    }

    private static func days(of month: Int, _ year: Int) -> Int {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        return month == 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
    }

    /// Days by the proleptic Gregorian calendar, counted in years that begin in March.
    private static func daysSince1970(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}

private struct DigitReader {
    let bytes: [UInt8]
    var at = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { at == bytes.count }

    mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard at < bytes.count, bytes[at] == UInt8(ascii: scalar) else { return false }
        at += 1
        return true
    }

    private mutating func digit() -> Int? {
        guard at < bytes.count, (0x30...0x39).contains(bytes[at]) else { return nil }
        at += 1
        return Int(bytes[at - 1]) - 0x30
    }

    mutating func number(_ digits: Int) -> Int? {
        var value = 0
        for _ in 0..<digits {
            guard let digit = digit() else { return nil }
            value = value * 10 + digit
        }
        return value
    }

    /// Microseconds; what is finer is cut off.
    mutating func fraction() -> Int? {
        var value = 0
        var scale = 100_000
        guard let first = digit() else { return nil }
        value = first * scale
        while let digit = digit() {
            scale /= 10
            value += digit * scale
        }
        return value
    }

    /// Seconds east of UTC.
    mutating func offset() -> Int? {
        if isAtEnd || take("Z") || take("z") { return 0 }
        let sign: Int
        if take("+") { sign = 1 } else if take("-") { sign = -1 } else { return nil }
        guard let hours = number(2), hours < 16 else { return nil }
        if isAtEnd { return sign * hours * 3_600 }
        _ = take(":")
        guard let minutes = number(2), minutes < 60 else { return nil }
        return sign * (hours * 3_600 + minutes * 60)
    }
}
