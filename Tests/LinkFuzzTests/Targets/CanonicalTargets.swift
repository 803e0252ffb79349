import LinkTesting

@testable import LinkCore

extension FuzzTargets {
    /// Identifiers of every kind: whatever the text, a value or a reason, and the same when it is read again.
    static let canonical = FuzzTarget(
        "canonical", mutator: ByteMutator(tokens: ["VMware-", "{", "}", "-", ":", ".", "0x", "To be filled by O.E.M."])
    ) { bytes in
        let raw = String(decoding: bytes, as: UTF8.self)
        var fates: [String] = []
        for kind in IdentifierKind.allCases {
            switch Canonical.read(raw, as: kind) {
            case .empty: fates.append("-")
            case .malformed: fates.append("!")
            case .value(let value):
                fates.append(value.utf8.elementsEqual(raw.utf8) ? "=" : "+")
                try check(value, kind, raw)
            }
        }
        let normal = NFKC.normalize(raw)
        try FuzzFinding.unless(
            NFKC.normalize(normal).utf8.elementsEqual(normal.utf8), "the normal form of a normal form is another")
        return fates.joined()
    }

    private static func check(_ value: String, _ kind: IdentifierKind, _ raw: String) throws {
        try FuzzFinding.unless(
            !value.isEmpty && value.utf8.count <= Canonical.maximumLength, "\(kind): a value of no or too many bytes")
        switch kind {
        case .uuid:
            try FuzzFinding.unless(
                value.utf8.count == 32 && value.allSatisfy(\.isHexDigit), "a uuid that is not 32 digits")
        case .mac:
            try FuzzFinding.unless(value.utf8.count == 17, "a MAC that is not 17 characters")
        default: break
        }
        // A name loses one trailing dot with each reading, and the space that it had before.
        if kind == .name, value.hasSuffix(".") || value.last?.isWhitespace == true { return }
        guard case .value(let again) = Canonical.read(value, as: kind), again.utf8.elementsEqual(value.utf8) else {
            throw FuzzFinding("\(kind): reading the canonical value again gives another")
        }
    }

    /// Raw life-cycle states, one row of the map a line, the last line a state to look up.
    static let lifecycle = FuzzTarget(
        "lifecycle", mutator: ByteMutator(tokens: ["/", " / ", "retired", "in_use", "active", "disposed", "\n", "\t"])
    ) { bytes in
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        let rows = lines.dropLast().map { line in
            // side, source, meaning, state: the last may hold anything.
            let cells = line.split(separator: "\t", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
            let cell = { (index: Int) in cells.count > index ? cells[index] : "" }
            return LifecycleMapping(
                side: cell(0) == "ci" ? .ci : .asset, source: cell(1).isEmpty ? nil : cell(1), rawState: cell(3),
                meaning: cell(2))
        }
        let map = LifecycleMap(rows)
        let state = String(lines.last ?? "")
        let asset = map.phase(rawState: state, source: "s")
        let ci = map.ciRetired(rawState: state, source: "s")
        // Space around a state never counts, nor does the order of the rows.
        let padded = "\t \(state)\u{A0}"
        let reversed = LifecycleMap(rows.reversed())
        try FuzzFinding.unless(
            map.phase(rawState: padded, source: "s") == asset, "space around an asset's state counts")
        try FuzzFinding.unless(map.ciRetired(rawState: padded, source: "s") == ci, "space around a CI's state counts")
        try FuzzFinding.unless(
            reversed.phase(rawState: state, source: "s") == asset
                && reversed.ciRetired(rawState: state, source: "s") == ci,
            "the order of the rows counts")
        return "\(asset.phase) \(asset.isMapped) \(ci.isMapped) \(map.invalid.isEmpty)"
    }

    /// Placeholder patterns: the first line a pattern, the rest a value.
    static let pattern = FuzzTarget(
        "pattern",
        mutator: ByteMutator(tokens: [
            "(?:", ")", "|", "[^", "]", "*", "+", "?", "{255}", "{2,3}", "{0,}", "\\d", "\\W", "\\s", "^", "$", ".*",
            "\\Z",
        ])
    ) { bytes in
        let parts = String(decoding: bytes, as: UTF8.self).split(
            separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
        let value = parts.count > 1 ? String(parts[1]) : ""
        let clock = ContinuousClock()
        let start = clock.now
        let syntax: PatternSyntax
        let matcher: PatternMatcher
        do throws(PatternError) {
            syntax = try PatternParser.parse(String(parts.first ?? ""))
            matcher = try PatternMatcher([syntax])
        } catch {
            try FuzzFinding.unless(clock.now - start < .seconds(15), "an error that took \(clock.now - start)")
            let words = error.description
            return String(words.prefix { !$0.isNumber })
        }
        try FuzzFinding.unless(clock.now - start < .seconds(15), "a pattern took \(clock.now - start) to prepare")
        let matches = !matcher.matches(value).isEmpty
        // The naive matcher takes its time: only for what is small.
        let scalars = value.unicodeScalars.map { ScalarSet.fold($0.value) }
        var naive = NaiveMatcher(value: scalars)
        if let expected = naive.matches(syntax) {
            try FuzzFinding.unless(matches == expected, "matches: \(matches), by the naive matcher: \(expected)")
            return "\(matches) as expected"
        }
        return "\(matches)"
    }
}

/// What a pattern means, as plainly as it can be said: the set of places where it may end, from the places where it may begin.
private struct NaiveMatcher {
    let value: [UInt32]
    private var steps = 0
    private var isTooMuch = false

    init(value: [UInt32]) { self.value = value }

    /// Nil where it would take too long.
    mutating func matches(_ syntax: PatternSyntax) -> Bool? {
        let ends = ends(of: syntax, from: [0])
        return isTooMuch ? nil : ends.contains(value.count)
    }

    private mutating func ends(of syntax: PatternSyntax, from starts: Set<Int>) -> Set<Int> {
        steps += 1 + starts.count
        if steps > 20_000 { isTooMuch = true }
        if starts.isEmpty || isTooMuch { return [] }
        switch syntax {
        case .one(let set): return Set(starts.filter { $0 < value.count && set.contains(value[$0]) }.map { $0 + 1 })
        case .start: return starts.intersection([0])
        case .end: return starts.intersection([value.count])
        case .sequence(let items):
            var places = starts
            for item in items { places = ends(of: item, from: places) }
            return places
        case .choice(let branches):
            var places: Set<Int> = []
            for branch in branches { places.formUnion(ends(of: branch, from: starts)) }
            return places
        case .repeated(let item, let low, let high):
            var places = starts
            for _ in 0..<low { places = ends(of: item, from: places) }
            var all = places
            // Beyond the length of the value, or with nothing new, further rounds give nothing.
            for _ in low..<min(high ?? .max, low + value.count + 1) {
                places = ends(of: item, from: places)
                if places.isSubset(of: all) { break }
                all.formUnion(places)
            }
            return all
        }
    }
}
