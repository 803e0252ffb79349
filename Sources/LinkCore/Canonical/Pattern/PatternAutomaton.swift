/// Several patterns as one nondeterministic automaton; `PatternMatcher` makes it deterministic.
struct PatternAutomaton {
    /// A node; numbers are other nodes.
    enum Node {
        case one(ScalarSet, Int)
        case fork(Int, Int)
        case start(Int)
        case end(Int)
        /// The pattern of this index has matched.
        case accept(Int)
    }

    /// The largest automaton that is built.
    static let maximumNodes = 20_000

    private(set) var nodes: [Node] = []
    private(set) var roots: [Int] = []

    /// Throws when the patterns together are too large.
    init(_ patterns: [PatternSyntax]) throws(PatternError) {
        for (index, pattern) in patterns.enumerated() {
            let accept = try add(.accept(index))
            roots.append(try add(pattern, before: accept))
        }
    }

    private mutating func add(_ node: Node) throws(PatternError) -> Int {
        guard nodes.count < Self.maximumNodes else { throw PatternError("the pattern is too large when written out") }
        nodes.append(node)
        return nodes.count - 1
    }

    /// Adds what matches `syntax` and then goes on to `next`; the answer is where it begins.
    private mutating func add(_ syntax: PatternSyntax, before next: Int) throws(PatternError) -> Int {
        switch syntax {
        case .one(let set): return try add(.one(set, next))
        case .start: return try add(.start(next))
        case .end: return try add(.end(next))
        case .sequence(let items):
            var first = next
            for item in items.reversed() { first = try add(item, before: first) }
            return first
        case .choice(let branches):
            var first = try add(branches[branches.count - 1], before: next)
            for branch in branches.dropLast().reversed() {
                first = try add(.fork(try add(branch, before: next), first))
            }
            return first
        case .repeated(let item, let low, let high):
            // Of nothing, any number is nothing: written out, nested ones would take for ever without adding a node.
            if item.isEmpty { return next }
            var first = next
            if let high {
                for _ in low..<high { first = try add(.fork(try add(item, before: first), next)) }
            } else {
                let loop = try add(.fork(next, next))
                nodes[loop] = .fork(try add(item, before: loop), next)
                first = loop
            }
            for _ in 0..<low { first = try add(item, before: first) }
            return first
        }
    }

    /// What can be reached from the nodes without reading anything: sorted nodes that read or accept.
    ///
    /// Nodes behind `$` count only at the end of the value, nodes behind `^` only at its start.
    func closure(_ nodes: [Int], atStart: Bool, atEnd: Bool) -> [Int] {
        if nodes.isEmpty { return [] }
        var seen = [Bool](repeating: false, count: self.nodes.count)
        var pending = nodes
        var result: [Int] = []
        while let node = pending.popLast() {
            if seen[node] { continue }
            seen[node] = true
            switch self.nodes[node] {
            case .one, .accept: result.append(node)
            case .fork(let first, let second): pending += [first, second]
            case .start(let next): if atStart { pending.append(next) }
            case .end(let next):
                result.append(node)
                if atEnd { pending.append(next) }
            }
        }
        return result.sorted()
    }
}
