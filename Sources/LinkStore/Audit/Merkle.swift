import Crypto

/// Trees of hashes as RFC 6962 has them, section 2.1: a leaf is hashed behind a zero byte, a node behind a one.
package enum Merkle {
    /// The hash of a leaf.
    package static func leaf(_ content: some Sequence<UInt8>) -> [UInt8] { hash([0] + Array(content)) }

    /// The hash of a node over two others.
    package static func node(_ left: [UInt8], _ right: [UInt8]) -> [UInt8] { hash([1] + left + right) }

    /// The root over hashes of leaves.
    package static func root(_ leaves: some Sequence<[UInt8]>) -> [UInt8] {
        var peaks = MerklePeaks()
        for leaf in leaves { peaks.append(leaf) }
        return peaks.root ?? hash([])
    }

    /// The hashes beside the way from a leaf to the root, the lowest first.
    ///
    /// - Returns: `nil` when there is no such leaf.
    package static func path(to index: Int, in leaves: [[UInt8]]) -> [[UInt8]]? {
        guard leaves.indices.contains(index) else { return nil }
        return ranges(beside: Int64(index), of: Int64(leaves.count)).map {
            root(leaves[Int($0.lowerBound)..<Int($0.upperBound)])
        }
    }

    /// The leaves below each hash beside the way from a leaf to the root, the lowest first.
    ///
    /// - Parameters:
    ///   - index: of the leaf, from 0.
    ///   - size: how many leaves there are, more than `index`.
    static func ranges(beside index: Int64, of size: Int64) -> [Range<Int64>] {
        var result: [Range<Int64>] = []
        var whole = 0..<size
        while whole.count > 1 {
            // The largest power of two that is less than the size.
            var half: Int64 = 1
            while half * 2 < Int64(whole.count) { half *= 2 }
            let middle = whole.lowerBound + half
            result.append(index < middle ? middle..<whole.upperBound : whole.lowerBound..<middle)
            whole = index < middle ? whole.lowerBound..<middle : middle..<whole.upperBound
        }
        return result.reversed()
    }

    static func hash(_ bytes: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: bytes)) }
}

/// A tree that only grows, as the roots of its whole trees: at most one for each power of two.
package struct MerklePeaks: Hashable, Sendable {
    /// How many leaves it has.
    package private(set) var count: Int64 = 0
    /// The largest tree first.
    private(set) var roots: [[UInt8]] = []

    package init() {}

    /// - Parameter bytes: as ``bytes``.
    /// - Returns: `nil` when these are not the roots of so many leaves.
    package init?(count: Int64, bytes: [UInt8]) {
        guard count >= 0, bytes.count == count.nonzeroBitCount * 32 else { return nil }
        self.count = count
        roots = stride(from: 0, to: bytes.count, by: 32).map { Array(bytes[$0..<$0 + 32]) }
    }

    /// The roots one behind the other, as they are stored.
    package var bytes: [UInt8] { roots.flatMap { $0 } }

    /// One leaf more.
    ///
    /// - Parameter leaf: its hash.
    package mutating func append(_ leaf: [UInt8]) {
        var node = leaf
        // Two trees of one size become one.
        var size = count
        while size % 2 == 1, let before = roots.popLast() {
            node = Merkle.node(before, node)
            size /= 2
        }
        roots.append(node)
        count += 1
    }

    /// The root over all leaves; `nil`: there are none.
    package var root: [UInt8]? {
        guard var root = roots.last else { return nil }
        for peak in roots.dropLast().reversed() { root = Merkle.node(peak, root) }
        return root
    }

    /// The whole trees that lie within some of the leaves, for a tree over these alone.
    ///
    /// - Parameter range: begins where a tree as large as the largest of them may begin.
    func within(_ range: Range<Int64>) -> MerklePeaks {
        var result = MerklePeaks()
        var start: Int64 = 0
        for (place, root) in roots.enumerated() {
            // The sizes are the bits of the count, the highest first.
            let size = Self.sizes(count)[place]
            if start >= range.lowerBound, start + size <= range.upperBound {
                result.roots.append(root)
                result.count += size
            }
            start += size
        }
        return result
    }

    private static func sizes(_ count: Int64) -> [Int64] {
        (0..<63).reversed().map { Int64(1) << $0 }.filter { count & $0 != 0 }
    }
}
