extension CompiledRuleSet {
    /// Whether a class is another one or below it in the tree; both as ``resolve(_:)`` names them.
    package func isClass(_ name: String, within ancestor: String) -> Bool {
        var at: String? = name
        // Rings were refused when the rules were made; a tree is never deeper than it has classes.
        for _ in 0...source.classes.count {
            guard let here = at else { return false }
            if here == ancestor { return true }
            at = parent(of: here)
        }
        return false
    }
}
