/// What a target asks of a finding.
package enum Target: Sendable {
    /// The median ratio to the baseline, at most or at least.
    case ratioAtMost(Double)
    case ratioAtLeast(Double)
    /// The median of the values themselves, at most.
    case atMost(Double)
    /// All values are the same.
    case constant

    /// As the table shows it.
    var text: String {
        switch self {
        case .ratioAtMost(let limit): "≤ \(Format.short(limit)) ×"
        case .ratioAtLeast(let limit): "≥ \(Format.short(limit)) ×"
        case .atMost(let limit): "≤ \(Format.short(limit))"
        case .constant: "constant"
        }
    }
}

/// One line of the table: what was measured, round by round, beside its baseline.
package struct Finding: Sendable {
    /// The measure that took it.
    package var measure: String
    /// What was measured.
    package var what: String
    package var unit: String
    /// One value a round.
    package var values: [Double]
    package var baseline: String?
    /// The baseline's values, taken in the same rounds.
    package var baselineValues: [Double]
    package var target: Target?

    package init(
        _ measure: String, _ what: String, unit: String, _ values: [Double], beside baseline: String? = nil,
        _ baselineValues: [Double] = [], target: Target? = nil
    ) {
        self.measure = measure
        self.what = what
        self.unit = unit
        self.values = values
        self.baseline = baseline
        self.baselineValues = baselineValues
        self.target = target
    }

    /// Ours to the baseline's, round by round: what the machine did to both in a round cancels out.
    package var ratios: [Double] {
        zip(values, baselineValues).compactMap { $1 == 0 ? nil : $0 / $1 }
    }

    /// Whether the target is met; nil without one, or with nothing to judge it by.
    package var passes: Bool? {
        switch target {
        case nil: nil
        case .ratioAtMost(let limit): ratios.isEmpty ? nil : ratios.median <= limit
        case .ratioAtLeast(let limit): ratios.isEmpty ? nil : ratios.median >= limit
        case .atMost(let limit): values.isEmpty ? nil : values.median <= limit
        case .constant: values.isEmpty ? nil : values.allSatisfy { $0 == values[0] }
        }
    }
}

extension [Double] {
    /// The middle value; 0 of none.
    package var median: Double { quantile(0.5) }

    /// The value below which that share of all lies, by the nearest rank; 0 of none.
    package func quantile(_ share: Double) -> Double {
        guard !isEmpty else { return 0 }
        let sorted = sorted()
        return sorted[Swift.min(count - 1, Swift.max(0, Int((share * Double(count)).rounded(.up)) - 1))]
    }
}
