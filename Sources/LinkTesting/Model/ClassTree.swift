package import LinkCore

/// Which rule a class has (domain.md section 4); names are compared trimmed and without case.
package struct ClassTree: Sendable {
    private let classes: [String: CIClass]

    package init(_ all: [CIClass]) {
        classes = Dictionary(all.map { (Self.name($0.name), $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The rule in force for a class, `nil` where it is excluded; an unknown or empty class is treated as `ci`.
    package func rule(of ciClass: String?) -> IdentificationRule? {
        for found in path(from: ciClass) {
            switch found.rule {
            case .own(let rule): return rule
            case .none: return nil
            case .inherited: continue
            }
        }
        return nil
    }

    /// The class whose limit of a kind CIs of a class count for, with K; `nil` where that of the kind counts.
    func suspectLimit(_ kind: IdentifierKind, of ciClass: String?) -> (className: String, most: Int)? {
        for found in path(from: ciClass) {
            if let most = found.suspectLimits[kind] { return (found.name, most) }
        }
        return nil
    }

    private func path(from ciClass: String?) -> [CIClass] {
        var path: [CIClass] = []
        var current = ciClass.flatMap { classes[Self.name($0)] } ?? classes["ci"]
        while let found = current, !path.contains(where: { $0.name == found.name }) {
            path.append(found)
            current = found.parent.flatMap { classes[Self.name($0)] }
        }
        return path
    }

    /// Trimmed, lower case, as raw states and types of serials are.
    private static func name(_ raw: String) -> String {
        guard case .value(let name) = Canonical.read(raw, as: .attribute, aliases: [:]) else { return "" }
        return name.lowercased()
    }
}
