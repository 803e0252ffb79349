/// Finds the records that a batch fails of, by trying halves (engine point 13); a value, which the simulation runs too.
///
/// Each half is tried together with what was found sound so far: an asset and the CI that would be linked to it may fail
/// only together, and then the later one is set aside.
package struct PoisonSearch<Record, Failure> {
    /// The records at fault, each with what it fails with; nobody is when a batch of no record fails.
    package private(set) var found: [(record: Record, failure: Failure)] = []
    private var sound: [Record] = []
    /// The next piece is the last one.
    private var pieces: [[Record]]
    private var hasTriedNone = false

    package init(_ records: [Record]) { pieces = records.isEmpty ? [] : [records] }

    /// What is to be tried, and rolled back; `nil` = the search is over.
    package var trial: [Record]? {
        if !hasTriedNone { return [] }
        return pieces.last.map { sound + $0 }
    }

    /// - Parameter failure: what the trial failed with; `nil` = it went through.
    package mutating func answer(_ failure: Failure?) {
        guard hasTriedNone else {
            hasTriedNone = true
            // It fails without any record: nobody's fault.
            if failure != nil { pieces = [] }
            return
        }
        guard let piece = pieces.popLast() else { return }
        guard let failure else {
            sound += piece
            return
        }
        if piece.count == 1 {
            found.append((piece[0], failure))
        } else {
            pieces.append(Array(piece[(piece.count / 2)...]))
            pieces.append(Array(piece[..<(piece.count / 2)]))
        }
    }
}
