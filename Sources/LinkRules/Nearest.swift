/// The word that somebody probably meant.
package enum Nearest {
    /// The nearest of the candidates, when it is near at all.
    static func word(to word: String, in candidates: some Sequence<String>) -> String? {
        let limit = max(2, word.count / 3)
        let word = word.lowercased()
        let near = candidates.map { candidate in
            // A word that somebody left unfinished, or wrote with an ending, is as near as one letter.
            let isStem = word.count >= 3 && (candidate.hasPrefix(word) || word.hasPrefix(candidate))
            return (word: candidate, distance: isStem ? 1 : distance(word, candidate.lowercased()))
        }
        return near.filter { $0.distance <= limit }.min { ($0.distance, $0.word) < ($1.distance, $1.word) }?.word
    }

    /// A sentence that names the nearest word, or all of them.
    static func advice(for word: String, in candidates: [String]) -> String {
        if let near = Self.word(to: word, in: candidates) { return "Did you mean \"\(near)\"?" }
        return candidates.isEmpty ? "There is none." : "Known are: \(candidates.joined(separator: ", "))."
    }

    /// How many letters must be changed, put in, left out, or swapped with their neighbour.
    package static func distance(_ a: String, _ b: String) -> Int {
        let (a, b) = (Array(a), Array(b))
        guard !a.isEmpty, !b.isEmpty else { return max(a.count, b.count) }
        var rows = [Array(0...b.count)]
        for i in 1...a.count {
            var row = [i]
            for j in 1...b.count {
                var best = min(rows[i - 1][j] + 1, row[j - 1] + 1, rows[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1))
                if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] { best = min(best, rows[i - 2][j - 2] + 1) }
                row.append(best)
            }
            rows.append(row)
        }
        return rows[a.count][b.count]
    }
}
