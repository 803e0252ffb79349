import CMalloc

/// The process's heap, as glibc keeps it.
package enum Heap {
    /// One arena for all threads, before there is a second one.
    ///
    /// By default every thread gets its own, and what one gave up is nothing to the others. Here one thread works at a
    /// time, so they hardly ever wait for each other.
    package static func useOneArena() { mallopt(M_ARENA_MAX, 1) }

    /// Gives pages that nothing is left on back to the system, wherever in the heap they are.
    package static func giveBack() { malloc_trim(0) }
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
