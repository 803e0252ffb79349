/// How figures are written.
enum Format {
    /// Three figures that count, without an exponent.
    static func short(_ value: Double) -> String {
        guard value.isFinite else { return "–" }
        let size = value.magnitude
        let places = size >= 100 || size == size.rounded() && size >= 10 ? 0 : size >= 10 ? 1 : size >= 0.1 ? 2 : 4
        return decimal(value, places)
    }

    /// A median with what it lies between.
    static func spread(_ values: [Double]) -> String {
        guard let least = values.min(), let most = values.max() else { return "" }
        return values.count == 1
            ? short(least) : "\(short(values.median)) (\(short(least))–\(short(most)))"
    }

    private static func decimal(_ value: Double, _ places: Int) -> String {
        var scale = 1.0
        for _ in 0..<places { scale *= 10 }
        let scaled = Int64((value.magnitude * scale).rounded())
        let sign = value < 0 && scaled != 0 ? "-" : ""
        let whole = scaled / Int64(scale)
        guard places > 0, scaled % Int64(scale) != 0 else { return sign + String(whole) }
        let fraction = String(scaled % Int64(scale))
        return sign + "\(whole)." + String(repeating: "0", count: places - fraction.count) + fraction
    }
}
