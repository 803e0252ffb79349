/// Several patterns as one deterministic automaton: one table look-up per character of the value, whatever the patterns.
struct PatternMatcher: Sendable {
    /// The most states and the most work that one automaton may take to build.
    static let maximumStates = 2000
    private static let maximumWork = 2_000_000

    /// Class of every folded ASCII character.
    private let asciiClasses: [UInt16]
    /// First scalars of the runs of one class, ascending, and the class of each run.
    private let runStarts: [UInt32]
    private let runClasses: [UInt16]
    private let classCount: Int
    /// The next state, by state and class; 0 = nothing can match any more, 1 = the first.
    private let transitions: [UInt16]
    /// Per state, the patterns that match a value ending there, ascending.
    private let accepted: [[Int]]

    /// Throws when the automaton would be too large.
    init(_ patterns: [PatternSyntax]) throws(PatternError) {
        let automaton = try PatternAutomaton(patterns)
        let alphabet = Alphabet(automaton)
        (asciiClasses, runStarts, runClasses) = (alphabet.ascii, alphabet.starts, alphabet.classes)
        classCount = alphabet.examples.count
        var builder = StateTable(automaton, alphabet)
        try builder.build(maximumStates: Self.maximumStates, maximumWork: Self.maximumWork)
        (transitions, accepted) = (builder.transitions, builder.accepted)
    }

    /// The patterns that match the whole value, by index, ascending; takes time that grows with the length only.
    func matches(_ value: String) -> [Int] {
        var state = 1
        for scalar in value.unicodeScalars {
            state = Int(transitions[state * classCount + Int(characterClass(scalar.value))])
            if state == 0 { return [] }
        }
        return accepted[state]
    }

    private func characterClass(_ scalar: UInt32) -> UInt16 {
        if scalar < 0x80 { return asciiClasses[Int(scalar)] }
        let folded = ScalarSet.fold(scalar)
        var (low, high) = (0, runStarts.count)
        while low < high {
            let middle = (low + high) / 2
            if runStarts[middle] <= folded { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? 0 : runClasses[low - 1]
    }
}

/// The scalars in classes that no set of the automaton tells apart.
private struct Alphabet {
    var ascii: [UInt16] = []
    var starts: [UInt32] = []
    var classes: [UInt16] = []
    /// One scalar of each class.
    var examples: [UInt32] = []

    init(_ automaton: PatternAutomaton) {
        var sets: Set<ScalarSet> = []
        for case .one(let set, _) in automaton.nodes { sets.insert(set) }
        var borders: Set<UInt32> = [0, 0x80]
        for range in sets.flatMap(\.ranges) { borders.formUnion([range.lowerBound, range.upperBound + 1]) }
        // Runs between borders; those that stand in the same sets are one class.
        var numbers: [[Bool]: UInt16] = [:]
        var runs: [(start: UInt32, number: UInt16)] = []
        for start in borders.sorted() where start <= 0x10FFFF {
            let membership = sets.map { $0.contains(start) }
            let number = numbers[membership] ?? UInt16(truncatingIfNeeded: numbers.count)
            if numbers.updateValue(number, forKey: membership) == nil { examples.append(start) }
            runs.append((start, number))
        }
        for scalar in 0..<UInt32(0x80) {
            let folded = ScalarSet.fold(scalar)
            ascii.append(runs.last { $0.start <= folded }?.number ?? 0)
        }
        starts = runs.map(\.start)
        classes = runs.map(\.number)
    }
}

/// The subset construction.
private struct StateTable {
    let automaton: PatternAutomaton
    let alphabet: Alphabet
    var transitions: [UInt16] = []
    var accepted: [[Int]] = []
    private var states: [[Int]: UInt16] = [:]
    private var sets: [[Int]] = []

    init(_ automaton: PatternAutomaton, _ alphabet: Alphabet) {
        self.automaton = automaton
        self.alphabet = alphabet
    }

    mutating func build(maximumStates: Int, maximumWork: Int) throws(PatternError) {
        guard alphabet.examples.count <= maximumStates else { throw PatternError("too many different characters") }
        states[[]] = 0
        append([], atStart: false)
        // The first state is in no dictionary: only there does `^` hold.
        append(automaton.closure(automaton.roots, atStart: true, atEnd: false), atStart: true)
        var state = 0
        var work = 0
        while state < sets.count {
            for (index, example) in alphabet.examples.enumerated() {
                work += sets[state].count + 1
                guard work <= maximumWork else { throw PatternError("the pattern takes too long to prepare") }
                let next = automaton.closure(targets(of: sets[state], reading: example), atStart: false, atEnd: false)
                let number = states[next] ?? UInt16(truncatingIfNeeded: sets.count)
                if states[next] == nil {
                    guard sets.count < maximumStates else { throw PatternError("the pattern has too many cases") }
                    states[next] = number
                    append(next, atStart: false)
                }
                transitions[state * alphabet.examples.count + index] = number
            }
            state += 1
        }
    }

    private func targets(of set: [Int], reading scalar: UInt32) -> [Int] {
        set.compactMap { node in
            guard case .one(let scalars, let next) = automaton.nodes[node], scalars.contains(scalar) else { return nil }
            return next
        }
    }

    private mutating func append(_ set: [Int], atStart: Bool) {
        sets.append(set)
        transitions += [UInt16](repeating: 0, count: alphabet.examples.count)
        // At the end of the value, what stands behind `$` is reached too, and behind `^` if this is also the start.
        let atEnd = automaton.closure(atStart ? automaton.roots : set, atStart: atStart, atEnd: true)
        accepted.append(
            atEnd.compactMap { node in
                if case .accept(let pattern) = automaton.nodes[node] { pattern } else { nil }
            }.sorted())
    }
}
