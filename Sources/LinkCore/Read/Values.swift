/// Why a value gives no key (domain.md section 3).
package enum Suppression: Hashable, Sendable {
    case empty
    case malformed
    case placeholder(Int)
    case suspect

    /// As evidence shows it.
    package var description: String {
        switch self {
        case .empty: "empty"
        case .malformed: "malformed"
        case .placeholder(let id): "placeholder \(id)"
        case .suspect: "suspect"
        }
    }
}

/// A canonical value of a kind.
package struct KindValue: Hashable, Sendable {
    package var kind: IdentifierKind
    package var value: String

    package init(_ kind: IdentifierKind, _ value: String) {
        self.kind = kind
        self.value = value
    }

    /// Byte by byte, as PostgreSQL compares; `String` takes a composed and a decomposed letter as equal.
    package static func == (a: KindValue, b: KindValue) -> Bool {
        a.kind == b.kind && a.value.utf8.elementsEqual(b.value.utf8)
    }
}

/// One raw value with what became of it; a class, as readings hold many and hand them on.
package final class ReadValue: Sendable {
    package let kind: IdentifierKind
    /// The attribute or list it stands in.
    package let attribute: String
    /// The type of a typed serial, or of another typed member of a list.
    package let type: String?
    package let raw: String
    package let canonical: String?
    package let suppression: Suppression?

    init(
        kind: IdentifierKind, attribute: String, type: String?, raw: String, canonical: String?,
        suppression: Suppression?
    ) {
        self.kind = kind
        self.attribute = attribute
        self.type = type
        self.raw = raw
        self.canonical = canonical
        self.suppression = suppression
    }

    /// The canonical value when it counts.
    package var usable: String? { suppression == nil ? canonical : nil }

    /// The canonical value when its holders are counted: suspect or not.
    var counted: String? {
        switch suppression {
        case nil, .suspect: canonical
        case .empty, .malformed, .placeholder: nil
        }
    }
}

/// Reads raw values by a rule set; `isSuspect` says which canonical values are suspect now.
package struct ValueReader: Sendable {
    package let rules: CompiledRuleSet
    package let isSuspect: @Sendable (KindValue) -> Bool

    package init(rules: CompiledRuleSet, isSuspect: @escaping @Sendable (KindValue) -> Bool) {
        self.rules = rules
        self.isSuspect = isSuspect
    }

    func manufacturer(_ raw: String?) -> String? {
        guard case .value(let name) = Canonical.read(raw, as: .manufacturer, aliases: rules.source.manufacturerAliases)
        else { return nil }
        return name
    }

    /// The members of a list in `attributes`.
    func read(list name: String, _ members: [TypedValue], manufacturer: String?) -> [ReadValue] {
        let attribute = LookupList.member(name).signature
        return members.map {
            read($0.value, as: .attribute, attribute: attribute, type: $0.plainType, manufacturer: manufacturer)
        }
    }

    func read(
        _ raw: String?, as kind: IdentifierKind, attribute: String, type: String? = nil, manufacturer: String?
    ) -> ReadValue {
        let (canonical, suppression) = judge(raw, as: kind, manufacturer: manufacturer)
        return ReadValue(
            kind: kind, attribute: attribute, type: type, raw: raw ?? "", canonical: canonical, suppression: suppression
        )
    }

    private func judge(
        _ raw: String?, as kind: IdentifierKind, manufacturer: String?
    ) -> (canonical: String?, suppression: Suppression?) {
        switch Canonical.read(raw, as: kind, aliases: rules.source.manufacturerAliases) {
        case .empty: return (nil, .empty)
        case .malformed:
            // A placeholder is the better explanation of a value that cannot be read either.
            let id = raw.flatMap {
                rules.placeholders.match(kind: kind, raw: $0, canonical: $0, manufacturer: manufacturer)
            }
            return (nil, id.map { .placeholder($0) } ?? .malformed)
        case .value(let canonical):
            if let id = rules.placeholders.match(
                kind: kind, raw: raw ?? "", canonical: canonical, manufacturer: manufacturer)
            {
                return (canonical, .placeholder(id))
            }
            return (canonical, isSuspect(KindValue(kind, canonical)) ? .suspect : nil)
        }
    }
}
