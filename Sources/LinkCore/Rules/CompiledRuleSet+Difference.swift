extension CompiledRuleSet {
    /// Classes whose CIs these rules read otherwise than others do that have the same tables of values; `nil`: all, as
    /// what is kept of values is another.
    ///
    /// A CI of a class that only one of them knows is of class `ci` by the other.
    package func classes(thatDifferFrom old: CompiledRuleSet) -> Set<String>? {
        guard Set(watchedKinds) == Set(old.watchedKinds) else { return nil }
        var differing: Set<String> = []
        for name in Set(classNames).union(old.classNames) {
            guard knows(name), old.knows(name) else {
                differing.formUnion([name, "ci"])
                continue
            }
            if rule(of: name)?.source != old.rule(of: name)?.source || limits(of: name) != old.limits(of: name) {
                differing.insert(name)
            }
        }
        return differing
    }

    /// Whether values mean the same by these rules as by others: placeholders, states and manufacturers.
    package func hasSameTables(as old: CompiledRuleSet) -> Bool {
        func values(_ rules: CompiledRuleSet) -> Set<Placeholder> {
            // By what they say: a file has neither the number of a row nor, perhaps, its note.
            Set(
                rules.source.placeholders.map {
                    Placeholder(
                        id: 0, kind: $0.kind, value: $0.value, isPattern: $0.isPattern, manufacturer: $0.manufacturer)
                })
        }
        return values(self) == values(old) && Set(source.lifecycle) == Set(old.source.lifecycle)
            && source.manufacturerAliases == old.source.manufacturerAliases
            && source.suspectLimits == old.source.suspectLimits
    }

    /// Whether a value is suspect by these rules as soon as it is by others, among the same readers.
    package func hasSameLimits(as old: CompiledRuleSet) -> Bool {
        let kinds = Set(watchedKinds)
        return kinds == Set(old.watchedKinds)
            && kinds.allSatisfy { Set(suspectLimits($0)) == Set(old.suspectLimits($0)) }
    }

    /// Whether CIs of a class that both know hold the same values by these rules as by others, as far as values can
    /// become suspect, and follow their parents by a rule of the same name, if at all.
    package func readsSameValues(_ name: String, as old: CompiledRuleSet) -> Bool {
        guard knows(name), old.knows(name), limits(of: name) == old.limits(of: name) else { return false }
        let (rule, before) = (rule(of: name), old.rule(of: name))
        guard (rule == nil) == (before == nil), reads(rule) == old.reads(before) else { return false }
        let follows = rule?.hasDependentEntries == true || before?.hasDependentEntries == true
        return !follows || rule?.name == before?.name
    }

    /// Whether CIs of a class have no match key by these rules that they have not by others, but for those by their
    /// parent's link, which no key of a record tells.
    package func makesNoNewKeys(_ name: String, as old: CompiledRuleSet) -> Bool {
        func entries(_ rules: CompiledRuleSet) -> Set<IdentifierEntry> {
            Set(
                (rules.rule(of: name)?.entries ?? []).map(\.entry).filter { !$0.isDependent }.map { entry in
                    var entry = entry
                    entry.priority = 0
                    return entry
                })
        }
        return knows(name) && old.knows(name) && entries(self).isSubset(of: entries(old))
    }

    /// Whether assets have every key by others' rules that they have by these, and hold the same values.
    package func asksAssetsNothingNew(as old: CompiledRuleSet) -> Bool {
        let (new, known) = (Set(spaces), Set(old.spaces))
        return new == known || new.isSubset(of: known) && watchedKinds.allSatisfy(\.isIdentifying)
    }

    /// What entries read of values that can become suspect, and of which CIs.
    private func reads(_ rule: CompiledRule?) -> Set<WatchedRead> {
        var result: Set<WatchedRead> = []
        for entry in rule?.entries ?? [] {
            let when = Set(entry.entry.when)
            for pair in entry.pairs where canBeSuspect(pair.kind) {
                result.insert(WatchedRead(pair: pair, when: when))
            }
            if let lookup = entry.entry.lookup, canBeSuspect(lookup.list.kind) {
                result.insert(WatchedRead(list: lookup.list, types: lookup.types, when: when))
            }
        }
        return result
    }

    private func limits(of name: String) -> [IdentifierKind: SuspectLimit] {
        Dictionary(
            watchedKinds.compactMap { kind in
                let className = limitClass(kind, of: name)
                return suspectLimits(kind).first { $0.className == className }.map { (kind, $0) }
            }, uniquingKeysWith: { a, _ in a })
    }
}

/// An attribute or a list that an entry reads, and of which CIs.
private struct WatchedRead: Hashable {
    var pair: AttributePair?
    var list: LookupList?
    var types: Set<String>?
    var when: Set<Condition>
}
