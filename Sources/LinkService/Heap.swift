import CMalloc
import Glibc

/// The process's memory: its heap, as glibc keeps it, and what of its programs' files is mapped.
package enum Heap {
    /// One arena for all threads, before there is a second one.
    ///
    /// By default every thread gets its own, and what one gave up is nothing to the others. Here one thread works at a
    /// time, so they hardly ever wait for each other.
    package static func useOneArena() { mallopt(M_ARENA_MAX, 1) }

    /// Gives pages that nothing is left on back to the system, wherever in the heap they are, and those of code.
    package static func giveBack() {
        unmapCode()
        malloc_trim(0)
    }

    /// Code that only the start or a burst ran stays in the page cache, but is not this process's until it runs again.
    ///
    /// The kernel maps sixteen pages around each one that is used: of the ten megabytes that a start leaves, an idle
    /// daemon uses two. What is used comes back by minor faults, without a read.
    private static func unmapCode() {
        guard let file = fopen("/proc/self/maps", "r") else { return }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 4_200)
        while fgets(&line, CInt(line.count), file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            let words = text.split(separator: " ")
            // Private, never written, and of a file: nothing that is there now is anywhere else than in that file.
            guard words.count > 5, words[1] == "r-xp", words[5].hasPrefix("/") else { continue }
            let ends = words[0].split(separator: "-").compactMap { UInt(String($0), radix: 16) }
            guard ends.count == 2, ends[0] < ends[1] else { continue }
            madvise(UnsafeMutableRawPointer(bitPattern: ends[0]), Int(ends[1] - ends[0]), MADV_DONTNEED)
        }
    }
}

/// When it is worth giving memory back: work was done since the last time, and none is waiting.
///
/// glibc by itself gives back only what lies at the heap's end, so a burst would keep its 20 MB until the next one.
struct HeapThrift {
    /// Less than that leaves nothing worth the walk through the heap.
    static let leastChanges = 100

    /// As if much had been done: whatever the start left is given back first.
    private var changes = leastChanges
    private var isIdle = false

    /// A look at the log took in that many changes; none: it found nothing.
    mutating func looked(found count: Int) {
        changes += count
        isIdle = count == 0
    }

    /// Whether to give back now; the next time is after more work.
    mutating func isDue() -> Bool {
        guard isIdle, changes >= Self.leastChanges else { return false }
        changes = 0
        return true
    }
}
