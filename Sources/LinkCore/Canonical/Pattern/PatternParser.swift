/// Reads the regular expressions that placeholders may use.
///
/// Case-insensitive and matched against the whole value. Understood: literal characters, `.` (any character),
/// `[…]` and `[^…]` with ranges, `\d` `\w` `\s` and `\D` `\W` `\S`, `\t` `\r` `\n` `\f` `\v`, a backslash before
/// punctuation, `\A` `\Z` `\z` `^` `$`, groups `(…)` and `(?:…)`, `|`, and `*` `+` `?` `{m}` `{m,}` `{m,n}` (up to 255),
/// also with a `?` after them, which changes nothing for a whole match. Anything else (back references, looking
/// ahead or behind, word boundaries, options) is an error: it could not be matched in time that grows with the length
/// of the value only, or it would mean something else elsewhere.
struct PatternParser {
    /// The longest pattern, in scalars.
    static let maximumLength = 1000
    private static let maximumDepth = 50
    private static let maximumCount = 255

    private let text: [Unicode.Scalar]
    private var position = 0
    private var depth = 0

    private init(_ pattern: String) { text = Array(pattern.unicodeScalars) }

    /// The pattern, read.
    static func parse(_ pattern: String) throws(PatternError) -> PatternSyntax {
        var parser = PatternParser(pattern)
        guard !parser.text.isEmpty else { throw PatternError("the pattern is empty") }
        guard parser.text.count <= maximumLength else {
            throw PatternError("the pattern is longer than \(maximumLength) characters")
        }
        let syntax = try parser.choice()
        guard parser.next == nil else { throw parser.error("')' without '('") }
        return syntax
    }

    private var next: Unicode.Scalar? { position < text.count ? text[position] : nil }

    private func error(_ message: String) -> PatternError { PatternError("\(message) at character \(position + 1)") }

    private mutating func skip(_ scalar: Unicode.Scalar) -> Bool {
        guard next == scalar else { return false }
        position += 1
        return true
    }

    private mutating func choice() throws(PatternError) -> PatternSyntax {
        var branches = [try sequence()]
        while skip("|") { branches.append(try sequence()) }
        return branches.count == 1 ? branches[0] : .choice(branches)
    }

    private mutating func sequence() throws(PatternError) -> PatternSyntax {
        var items: [PatternSyntax] = []
        while let scalar = next, scalar != "|", scalar != ")" { items.append(try quantified()) }
        return items.count == 1 ? items[0] : .sequence(items)
    }

    private mutating func quantified() throws(PatternError) -> PatternSyntax {
        let item = try atom()
        guard let (low, high) = try quantifier() else { return item }
        if item == .start || item == .end { throw error("an anchor cannot be repeated") }
        _ = skip("?")
        if let scalar = next, "*+?{".unicodeScalars.contains(scalar) { throw error("a repetition of a repetition") }
        return .repeated(item, low, high)
    }

    private mutating func quantifier() throws(PatternError) -> (Int, Int?)? {
        if skip("*") { return (0, nil) }
        if skip("+") { return (1, nil) }
        if skip("?") { return (0, 1) }
        guard skip("{") else { return nil }
        guard let low = number() else { throw error("a number is missing after '{'") }
        var high: Int? = low
        if skip(",") { high = number() }
        guard skip("}") else { throw error("'}' is missing") }
        guard low <= high ?? low, max(low, high ?? 0) <= Self.maximumCount else {
            throw error("a repetition is out of order or above \(Self.maximumCount)")
        }
        return (low, high)
    }

    private mutating func number() -> Int? {
        var value: Int?
        while let digit = next.flatMap({ ("0"..."9").contains($0) ? Int($0.value) - 0x30 : nil }) {
            value = min((value ?? 0) * 10 + digit, Self.maximumCount + 1)
            position += 1
        }
        return value
    }

    private mutating func atom() throws(PatternError) -> PatternSyntax {
        guard let scalar = next else { throw error("the pattern ends too early") }
        switch scalar {
        case "*", "+", "?", "{": throw error("nothing to repeat")
        case "(": return try group()
        case "[": return .one(try members())
        case "\\": return try escape()
        default: break
        }
        position += 1
        switch scalar {
        case "^": return .start
        case "$": return .end
        case ".": return .one(.any)
        default: return .one(Self.literal(scalar))
        }
    }

    private mutating func group() throws(PatternError) -> PatternSyntax {
        position += 1
        if skip("?"), !skip(":") { throw error("only '(?:' is known of the groups with '?'") }
        depth += 1
        guard depth <= Self.maximumDepth else { throw error("groups more than \(Self.maximumDepth) deep") }
        let inner = try choice()
        depth -= 1
        guard skip(")") else { throw error("')' is missing") }
        return inner
    }

    private mutating func escape() throws(PatternError) -> PatternSyntax {
        switch position + 1 < text.count ? text[position + 1] : nil {
        case "A":
            position += 2
            return .start
        case "Z", "z":
            position += 2
            return .end
        default: return .one(try escapedSet())
        }
    }

    private mutating func escapedSet() throws(PatternError) -> ScalarSet {
        position += 1
        guard let scalar = next else { throw error("a backslash at the end") }
        position += 1
        switch scalar {
        case "d": return .digits
        case "D": return ScalarSet.digits.inverted
        case "w": return .wordCharacters
        case "W": return ScalarSet.wordCharacters.inverted
        case "s": return .whiteSpace
        case "S": return ScalarSet.whiteSpace.inverted
        case "t": return Self.literal("\t")
        case "n": return Self.literal("\n")
        case "r": return Self.literal("\r")
        case "f": return Self.literal("\u{0C}")
        case "v": return Self.literal("\u{0B}")
        default:
            guard scalar.isASCII, !ScalarSet.wordCharacters.contains(ScalarSet.fold(scalar.value)) else {
                position -= 1
                throw error("'\\\(scalar)' is not known")
            }
            return Self.literal(scalar)
        }
    }

    private mutating func members() throws(PatternError) -> ScalarSet {
        position += 1
        let isInverted = skip("^")
        var ranges: [ClosedRange<UInt32>] = []
        repeat {
            guard let scalar = next else { throw error("']' is missing") }
            if scalar == "[", position + 1 < text.count, [":", ".", "="].contains(text[position + 1]) {
                throw error("named classes are not known")
            }
            let low = try member()
            guard next == "-", position + 1 < text.count, text[position + 1] != "]" else {
                ranges += low.ranges
                continue
            }
            position += 1
            let high = try member()
            guard let first = low.single, let last = high.single, first <= last else {
                throw error("a range is out of order")
            }
            ranges += ScalarSet.folded(first...last)
        } while next != "]"
        position += 1
        let set = ScalarSet(ranges.flatMap(ScalarSet.folded))
        return isInverted ? set.inverted : set
    }

    /// A member of a class, not folded yet: the ends of a range are compared as they were written.
    private mutating func member() throws(PatternError) -> ScalarSet {
        guard let scalar = next else { throw error("']' is missing") }
        if scalar != "\\" {
            position += 1
            return ScalarSet([scalar.value...scalar.value])
        }
        return try escapedSet()
    }

    private static func literal(_ scalar: Unicode.Scalar) -> ScalarSet {
        ScalarSet([ScalarSet.fold(scalar.value)...ScalarSet.fold(scalar.value)])
    }
}

extension ScalarSet {
    /// The only scalar of the set.
    fileprivate var single: UInt32? {
        ranges.count == 1 && ranges[0].count == 1 ? ranges[0].lowerBound : nil
    }
}
