import LinkCore
import Yams

extension RuleFileReader {
    /// The class tree with its rules.
    mutating func readClasses(_ node: Node) {
        var parents: [String: Node] = [:]
        for (key, value) in pairs(of: node, "\"classes\"") {
            let name = key.text
            file.places[.ruleClass(name)] = key.place
            if name != name.lowercased() || name.first?.isWhitespace != false || name.last?.isWhitespace == true {
                fail(
                    .wrongShape, key.place, about: "class \(name)", "a class is written in lower case, without spaces",
                    nil)
            }
            let about = "class \(name)"
            let members =
                value.isNothing
                ? [:] : members(of: value, about, ["parent", "rule", "aged_after_days", "suspect_limits"])
            var item = CIClass(name: name, parent: nil)
            if let parent = members["parent"], !parent.isNothing {
                item.parent = text(of: parent, "the parent of \(about)", key.place)
                parents[name] = parent
            }
            if let days = members["aged_after_days"], !days.isNothing {
                item.agedAfterDays = number(of: days, "aged_after_days of \(about)", from: 1, key.place)
            }
            if let limits = members["suspect_limits"], !limits.isNothing {
                item.suspectLimits = self.limits(of: limits, "\"suspect_limits\" of \(about)")
            }
            if let rule = members["rule"], !rule.isNothing { item.rule = readRule(rule, of: name) }
            file.ruleSet.classes.append(item)
        }
        checkTree(node.place, parents)
    }

    /// One tree under `ci`.
    private mutating func checkTree(_ place: Place?, _ parents: [String: Node]) {
        let names = file.ruleSet.classes.map(\.name)
        let known = Set(names)
        if !known.contains("ci") {
            fail(
                .noRoot, place, about: "classes", "there is no class \"ci\"",
                "It is the root, as which unknown classes are treated: add \"ci: {rule: none}\".")
        }
        for item in file.ruleSet.classes {
            let about = "class \(item.name)"
            if let parent = item.parent, !known.contains(parent) {
                fail(
                    .unknownClass, parents[item.name]?.place, about: about, "there is no class \"\(parent)\"",
                    Nearest.advice(for: parent, in: names.filter { $0 != item.name }))
            } else if item.name == "ci", item.parent != nil {
                fail(.classRing, parents["ci"]?.place, about: about, "\"ci\" is the root and has no parent", nil)
            } else if item.name != "ci", item.parent == nil {
                fail(
                    .missing, file.places[.ruleClass(item.name)], about: about, "it has no parent",
                    "Every class but \"ci\" names one.")
            } else if isOnRing(item.name) {
                fail(
                    .classRing, parents[item.name]?.place, about: about, "it is its own ancestor",
                    "Every class must lead to \"ci\".")
            }
        }
    }

    private func isOnRing(_ name: String) -> Bool {
        let parents = Dictionary(file.ruleSet.classes.map { ($0.name, $0.parent) }, uniquingKeysWith: { a, _ in a })
        var seen: Set<String> = []
        var next = parents[name] ?? nil
        while let here = next, seen.insert(here).inserted {
            if here == name { return true }
            next = parents[here] ?? nil
        }
        return false
    }

    private mutating func readRule(_ node: Node, of name: String) -> CIClass.Rule {
        let about = "the rule of class \(name)"
        if case .scalar(let scalar) = node {
            if scalar.string == "none" { return .none }
            fail(
                .wrongShape, node.place, about: "class \(name)",
                "a rule is \"none\" or has entries, not \"\(scalar.string)\"",
                "Without \"rule\" the class has its nearest ancestor's.")
            return .inherited
        }
        let members = members(of: node, about, ["required", "entries", "related"])
        let required = members["required"].map { self.attributes(of: $0, "\"required\"", of: \.isOfCIs) } ?? []
        let related = members["related"].map { self.related(of: $0) } ?? []
        guard let list = members["entries"] else {
            fail(.missing, node.place, about: about, "it has no entries", "To exclude the class, write \"rule: none\".")
            return .none
        }
        var entries: [(entry: IdentifierEntry, place: Place?)] = []
        for (index, item) in items(of: list, "\"entries\"").enumerated() {
            let about = "class \(name), entry \(index + 1)"
            if let entry = readEntry(item, about) { entries.append((entry, item.place)) }
        }
        if entries.isEmpty, isEmptyList(list) {
            fail(.missing, list.place, about: about, "it has no entries", "To exclude the class, write \"rule: none\".")
        }
        checkOrder(entries, of: name)
        let sorted = entries.enumerated()
            .sorted { ($0.element.entry.priority, $0.offset) < ($1.element.entry.priority, $1.offset) }
        for (index, item) in sorted.enumerated() { file.places[.entry(name, index)] = item.element.place }
        return .own(
            IdentificationRule(
                name: name, entries: sorted.map(\.element.entry), required: required, related: related))
    }

    private func isEmptyList(_ node: Node) -> Bool {
        if case .sequence(let items) = node { return items.isEmpty }
        return false
    }

    /// Strictly rising priorities, dependent entries last.
    private mutating func checkOrder(_ entries: [(entry: IdentifierEntry, place: Place?)], of name: String) {
        for (before, here) in zip(entries, entries.dropFirst()) {
            let about = "class \(name), entry \(here.entry.priority)"
            if here.entry.priority == before.entry.priority {
                fail(
                    .equalPriorities, here.place, about: about, "it has the priority of the entry before it",
                    "Priorities say which entry is stronger: no two may be equal. Leave gaps, as 10, 20, 30.")
            } else if here.entry.priority < before.entry.priority {
                fail(
                    .priorityOrder, here.place, about: about, "it stands after priority \(before.entry.priority)",
                    "Write the strongest entry, with the lowest number, first.")
            }
            if before.entry.isDependent, !here.entry.isDependent {
                fail(
                    .dependentNotLast, here.place, about: about, "it stands after a dependent entry",
                    "Dependent entries come last: a claim by one depends on links nearer the root.")
            }
        }
    }

    private mutating func related(of node: Node) -> [RelatedEntry] {
        items(of: node, "\"related\"").compactMap { item in
            let members = members(of: item, "a related entry", ["class", "attributes"])
            let name = text(of: members["class"], "\"class\" of a related entry", item.place)
            guard let list = members["attributes"] else {
                fail(
                    .missing, item.place, "a related entry needs \"attributes\"", "The values that make a row the same."
                )
                return nil
            }
            return name.map { RelatedEntry($0, attributes: texts(of: list, "\"attributes\" of a related entry")) }
        }
    }
}
