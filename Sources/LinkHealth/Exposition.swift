/// The Prometheus text format, version 0.0.4.
struct Exposition {
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private(set) var text = ""

    /// Begins a series: what it means and what it is.
    mutating func begin(_ series: Series) {
        let kind =
            switch series.kind {
            case .counter: "counter"
            case .gauge: "gauge"
            case .histogram: "histogram"
            }
        text += "# HELP \(series.name) \(Self.escaped(series.help, quotes: false))\n# TYPE \(series.name) \(kind)\n"
    }

    /// A sample with at most one label.
    mutating func sample(_ name: String, _ label: (name: String, value: String)? = nil, _ value: String) {
        text += name
        if let label { text += "{\(label.name)=\"\(Self.escaped(label.value, quotes: true))\"}" }
        text += " \(value)\n"
    }

    /// A histogram's samples from the counts of its buckets, the last of which has no bound.
    mutating func histogram(_ name: String, _ bounds: [Double], _ counts: [UInt64], sum: Double) {
        var total: UInt64 = 0
        for (bound, count) in zip(bounds, counts) {
            total += count
            sample("\(name)_bucket", ("le", Self.number(bound)), "\(total)")
        }
        total += counts.last ?? 0
        sample("\(name)_bucket", ("le", "+Inf"), "\(total)")
        sample("\(name)_sum", nil, Self.number(sum))
        sample("\(name)_count", nil, "\(total)")
    }

    /// The shortest text that reads as the same number.
    static func number(_ value: Double) -> String {
        if value == .infinity { return "+Inf" }
        if value == -.infinity { return "-Inf" }
        if value.isNaN { return "NaN" }
        if let whole = Int64(exactly: value) { return "\(whole)" }
        return "\(value)"
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}
