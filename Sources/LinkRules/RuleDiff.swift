package import LinkCore

/// One difference between two rule sets.
package struct RuleChange: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable {
        case added, removed, changed

        /// As diffs mark lines.
        package var mark: String {
            switch self {
            case .added: "+"
            case .removed: "-"
            case .changed: "~"
            }
        }
    }

    package var kind: Kind
    /// What it is about, as `class server, entry 20`.
    package var subject: String
    /// What was there, as it is written.
    package var before: String?
    /// What is there now.
    package var after: String?
}

/// What one rule set has that another has not.
package enum RuleDiff {
    /// The differences, section by section, in the order of their subjects.
    package static func changes(from old: RuleSet, to new: RuleSet) -> [RuleChange] {
        classes(old, new) + compare(placeholders(old), placeholders(new)) + compare(states(old), states(new))
            + compare(aliases(old), aliases(new)) + compare(limits(old), limits(new))
    }

    private static func compare(_ old: [String: String], _ new: [String: String]) -> [RuleChange] {
        Set(old.keys).union(new.keys).sorted().compactMap { subject in
            let (before, after) = (old[subject], new[subject])
            if before == after { return nil }
            let kind: RuleChange.Kind = before == nil ? .added : after == nil ? .removed : .changed
            return RuleChange(kind: kind, subject: subject, before: before, after: after)
        }
    }

    private static func classes(_ old: RuleSet, _ new: RuleSet) -> [RuleChange] {
        let before = Dictionary(old.classes.map { ($0.name, $0) }, uniquingKeysWith: { a, _ in a })
        let after = Dictionary(new.classes.map { ($0.name, $0) }, uniquingKeysWith: { a, _ in a })
        return Set(before.keys).union(after.keys).sorted().flatMap { name -> [RuleChange] in
            let about = "class \(name)"
            guard let old = before[name] else {
                return [RuleChange(kind: .added, subject: about, after: after[name].map(text))]
            }
            guard let new = after[name] else {
                return [RuleChange(kind: .removed, subject: about, before: text(old))]
            }
            return compare(parts(old, about), parts(new, about))
        }
    }

    /// A class in parts that change one by one.
    private static func parts(_ item: CIClass, _ about: String) -> [String: String] {
        var parts: [String: String] = [:]
        parts["\(about), parent"] = item.parent
        parts["\(about), aged_after_days"] = item.agedAfterDays.map(String.init)
        for (kind, most) in item.suspectLimits {
            parts["\(about), suspect limit of \(kind.rawValue)"] = String(most)
        }
        switch item.rule {
        case .inherited: break
        case .none: parts["\(about), rule"] = "none"
        case .own(let rule):
            parts["\(about), rule"] = "its own"
            if !rule.required.isEmpty {
                parts["\(about), required"] = rule.required.map(\.signature).sorted().joined(separator: ", ")
            }
            for entry in rule.entries {
                parts["\(about), entry \(padded(entry.priority))"] = entry.summary
            }
            for related in rule.related {
                parts["\(about), related \(related.className)"] = related.attributes.joined(separator: ", ")
            }
        }
        return parts
    }

    /// So that 5 comes before 10.
    private static func padded(_ number: Int) -> String {
        let text = String(number)
        return String(repeating: " ", count: max(0, 3 - text.count)) + text
    }

    private static func text(_ item: CIClass) -> String {
        let rule =
            switch item.rule {
            case .inherited: "inherits its rule"
            case .none: "excluded"
            case .own(let rule):
                "entries " + rule.entries.map { "\($0.priority): \($0.summary)" }.joined(separator: " · ")
            }
        let limits = item.suspectLimits.map { "\($0.rawValue) \($1)" }.sorted().joined(separator: ", ")
        return "under \(item.parent ?? "nothing"), \(rule)\(limits.isEmpty ? "" : ", suspect limits \(limits)")"
    }

    private static func placeholders(_ ruleSet: RuleSet) -> [String: String] {
        Dictionary(
            ruleSet.placeholders.map { item in
                let form = item.isPattern ? "pattern" : "value"
                let maker = item.manufacturer.map { " of \($0)" } ?? ""
                return ("placeholder \(item.kind.rawValue) \(form) \"\(item.value)\"\(maker)", item.note ?? "")
            }, uniquingKeysWith: { a, _ in a })
    }

    private static func states(_ ruleSet: RuleSet) -> [String: String] {
        Dictionary(
            ruleSet.lifecycle.map { row in
                let source = row.source.map { " of source \($0)" } ?? ""
                return ("state \"\(row.rawState.lowercased())\" of \(row.side.rawValue)s\(source)", row.meaning)
            }, uniquingKeysWith: { a, _ in a })
    }

    private static func aliases(_ ruleSet: RuleSet) -> [String: String] {
        Dictionary(
            ruleSet.manufacturerAliases.map { ("manufacturer \"\($0)\"", $1) }, uniquingKeysWith: { a, _ in a })
    }

    private static func limits(_ ruleSet: RuleSet) -> [String: String] {
        Dictionary(
            ruleSet.suspectLimits.map { ("suspect limit of \($0.rawValue)", String($1)) },
            uniquingKeysWith: { a, _ in a })
    }
}
