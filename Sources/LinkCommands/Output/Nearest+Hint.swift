import LinkRules

/// The right word for one that was mistyped at the prompt, where less is guessed than in a file.
extension Nearest {
    /// A hint that names the nearest of some words, or all of them when none is near.
    static func hint(to word: String, among words: [String], _ noun: String) -> String {
        if let near = find(word, among: words) { return "Did you mean \(near)?" }
        return words.isEmpty ? "There are none yet." : "\(noun) are \(words.joined(separator: ", "))."
    }

    /// The word that takes the fewest changes, where those are less than half of it.
    static func find(_ word: String, among words: [String]) -> String? {
        let wanted = word.lowercased()
        // A word that long is none of ours.
        guard wanted.count <= 100 else { return nil }
        let best = words.map { (word: $0, distance: distance(wanted, $0.lowercased())) }
            .min { $0.distance < $1.distance }
        guard let best, best.distance * 2 < max(wanted.count, 3) else { return nil }
        return best.word
    }
}
