package import LinkCore

/// What a careful reader of rules would ask about, found without any data.
package struct RuleLint {
    let ruleSet: RuleSet
    let places: [RuleSubject: Place]
    var problems: [RuleProblem] = []

    /// Everything wrong with a file: with its form, then with what it says.
    package static func problems(of file: RuleFile) -> [RuleProblem] {
        let all = file.problems + problems(of: file.ruleSet, places: file.places)
        let start = Place(line: 0, column: 0)
        return all.enumerated().sorted {
            ($0.element.place ?? start, $0.offset) < ($1.element.place ?? start, $1.offset)
        }.map(\.element)
    }

    /// What is wrong with rules that are well formed.
    package static func problems(of ruleSet: RuleSet, places: [RuleSubject: Place] = [:]) -> [RuleProblem] {
        var lint = RuleLint(ruleSet: ruleSet, places: places)
        for item in ruleSet.classes {
            guard case .own(let rule) = item.rule else { continue }
            lint.checkReach(of: rule)
            lint.checkStrength(of: rule)
            lint.checkExactCount(of: rule)
            lint.checkOptions(of: rule)
        }
        lint.checkLimits()
        lint.checkPlaceholders()
        lint.checkAliases()
        return lint.problems
    }

    init(ruleSet: RuleSet, places: [RuleSubject: Place]) {
        self.ruleSet = ruleSet
        self.places = places
    }

    mutating func note(
        _ code: RuleProblem.Code, _ subject: RuleSubject, about: String,
        _ message: String, _ remedy: String
    ) {
        problems.append(
            RuleProblem(code.severity, code, at: places[subject], about: about, message, remedy: remedy))
    }

    mutating func note(
        _ code: RuleProblem.Code, _ index: Int, of rule: IdentificationRule,
        _ message: String, _ remedy: String
    ) {
        note(
            code, .entry(rule.name, index),
            about: "class \(rule.name), entry \(rule.entries[index].priority)", message, remedy)
    }

    // MARK: Tables

    /// K of a class is about CIs that read the kind: of its own class or of one below that sets none.
    private mutating func checkLimits() {
        for item in ruleSet.classes {
            for kind in IdentifierKind.allCases where item.suspectLimits[kind] != nil {
                let isRead = ruleSet.classes.contains { other in
                    guard let derivation = Derivation(of: other.name, in: ruleSet),
                        derivation.suspectLimits.contains(where: { $0.kind == kind && $0.source == item.name })
                    else { return false }
                    return derivation.rule?.entries.contains { $0.reads(kind) } == true
                }
                if isRead { continue }
                note(
                    .limitWithoutEffect, .ruleClass(item.name), about: "class \(item.name)",
                    "no CI counts for its suspect limit of \(kind.rawValue): no rule of a class that has it reads that",
                    "Set it for a class whose rule reads \(kind.rawValue), or leave it out.")
            }
        }
    }

    private mutating func checkPlaceholders() {
        for (index, item) in ruleSet.placeholders.enumerated() {
            let about = "placeholder \(item.kind.rawValue) \"\(item.value)\""
            guard item.isPattern else {
                if case .value = Canonical.read(item.value, as: item.kind, aliases: ruleSet.manufacturerAliases) {
                    continue
                }
                note(
                    .unreadableValue, .placeholder(index), about: about,
                    "it cannot be read as its kind: it never matters",
                    "Such values are malformed anyway, and give no key: leave it out.")
                continue
            }
            do {
                checkPattern(try PatternTraits(item.value), .placeholder(index), about)
            } catch {
                note(
                    .badPattern, .placeholder(index), about: about, "the pattern cannot be read: \(error)",
                    "See deploy/docs/rules.md for what a pattern may hold.")
            }
        }
    }

    private mutating func checkPattern(_ traits: PatternTraits, _ subject: RuleSubject, _ about: String) {
        let whole = "A pattern is matched against the whole value, with or without ^ and $."
        if traits.isLiteral {
            note(
                .openPattern, subject, about: about, "the pattern matches nothing but itself",
                "\(whole) Write it as a value, or say what else it may match, as in \"abc.*\".")
        } else if traits.isAnchoredOnOneSide {
            note(
                .openPattern, subject, about: about, "the pattern is anchored at one end only",
                "\(whole) Leave the anchor out, or write .* at the other end if any rest is meant.")
        } else if traits.beginsAnywhere || traits.endsAnywhere, traits.shortest < 5 {
            note(
                .openPattern, subject, about: about,
                "the pattern is open and needs only \(traits.shortest) characters: real identifiers match it",
                "Anchor it: take .* away, or say more of what a placeholder looks like.")
        }
    }

    private mutating func checkAliases() {
        for (alias, name) in ruleSet.manufacturerAliases.sorted(by: { $0.key < $1.key }) {
            guard let further = ruleSet.manufacturerAliases[name] else { continue }
            note(
                .aliasOfAlias, .alias(alias), about: "manufacturer \"\(alias)\"",
                further == name
                    ? "\"\(name)\" stands for itself" : "it stands for \"\(name)\", which is itself an alias",
                "Aliases are looked up once: write \"\(further)\".")
        }
    }
}
