/// The right word for one that was mistyped.
enum Nearest {
    /// A hint that names the nearest of some words, or all of them when none is near.
    static func hint(to word: String, among words: [String], _ noun: String) -> String {
        if let near = find(word, among: words) { return "Did you mean \(near)?" }
        return words.isEmpty ? "There are none yet." : "\(noun) are \(words.joined(separator: ", "))."
    }

    /// The word that takes the fewest changes, where those are less than half of it.
    static func find(_ word: String, among words: [String]) -> String? {
        let wanted = Array(word.lowercased())
        let best = words.map { (word: $0, distance: distance(wanted, Array($0.lowercased()))) }
            .min { $0.distance < $1.distance }
        guard let best, best.distance * 2 < max(wanted.count, 3) else { return nil }
        return best.word
    }

    /// Characters to put in, leave out, replace or swap with their neighbour.
    private static func distance(_ from: [Character], _ to: [Character]) -> Int {
        // A word that long is none of ours.
        guard from.count <= 100 else { return from.count }
        var before: [Int] = []
        var last = Array(0...to.count)
        for (row, character) in from.enumerated() {
            var line = [row + 1]
            for (column, other) in to.enumerated() {
                var cost = min(last[column + 1] + 1, line[column] + 1, last[column] + (character == other ? 0 : 1))
                if row > 0, column > 0, character == to[column - 1], other == from[row - 1] {
                    cost = min(cost, before[column - 1] + 1)
                }
                line.append(cost)
            }
            (before, last) = (last, line)
        }
        return last[to.count]
    }
}
