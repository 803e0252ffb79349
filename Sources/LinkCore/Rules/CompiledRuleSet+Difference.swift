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

    private func limits(of name: String) -> [IdentifierKind: SuspectLimit] {
        Dictionary(
            watchedKinds.compactMap { kind in
                let className = limitClass(kind, of: name)
                return suspectLimits(kind).first { $0.className == className }.map { (kind, $0) }
            }, uniquingKeysWith: { a, _ in a })
    }
}
