package import LinkCore

/// Which rule a class has (domain.md section 4); names are compared trimmed and without case.
package struct ClassTree: Sendable {
    private let classes: [String: CIClass]

    package init(_ all: [CIClass]) {
        classes = Dictionary(all.map { (Self.name($0.name), $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The rule in force for a class, `nil` where it is excluded; an unknown or empty class is treated as `ci`.
    package func rule(of ciClass: String?) -> IdentificationRule? {
        var current = ciClass.flatMap { classes[Self.name($0)] } ?? classes["ci"]
        var visited: Set<String> = []
        while let found = current, visited.insert(found.name).inserted {
            switch found.rule {
            case .own(let rule): return rule
            case .none: return nil
            case .inherited: current = found.parent.flatMap { classes[Self.name($0)] }
            }
        }
        return nil
    }

    /// Trimmed, lower case, as raw states and types of serials are.
    private static func name(_ raw: String) -> String {
        guard case .value(let name) = Canonical.read(raw, as: .attribute, aliases: [:]) else { return "" }
        return name.lowercased()
    }
}
