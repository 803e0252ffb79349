/// The deadlines of the loop, earliest first.
struct DeadlineHeap {
    /// Names one deadline; never used twice.
    typealias ID = UInt64

    private struct Entry {
        let instant: ContinuousClock.Instant
        let id: ID
    }

    private var heap: [Entry] = []
    /// What to do; an entry of the heap without an action was withdrawn.
    private var actions: [ID: () -> Void] = [:]
    private var lastID: ID = 0

    /// The earliest deadline that still stands.
    mutating func earliest() -> ContinuousClock.Instant? {
        while let first = heap.first {
            if actions[first.id] != nil { return first.instant }
            removeFirst()
        }
        return nil
    }

    /// Adds a deadline.
    mutating func insert(_ instant: ContinuousClock.Instant, _ action: @escaping () -> Void) -> ID {
        lastID += 1
        actions[lastID] = action
        heap.append(Entry(instant: instant, id: lastID))
        var child = heap.count - 1
        while child > 0, heap[child].instant < heap[(child - 1) / 2].instant {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
        return lastID
    }

    /// Withdraws a deadline; nothing happens when it has passed.
    mutating func remove(_ id: ID) {
        actions[id] = nil
        // Withdrawn entries are dropped lazily; rebuilt when they are most of the heap, so that it stays small.
        if heap.count > 64, heap.count > 4 * actions.count {
            heap = heap.filter { actions[$0.id] != nil }.sorted { $0.instant < $1.instant }
        }
    }

    /// Takes the action of one deadline that has passed.
    mutating func popDue(at now: ContinuousClock.Instant) -> (() -> Void)? {
        guard let instant = earliest(), instant <= now, let first = heap.first else { return nil }
        removeFirst()
        return actions.removeValue(forKey: first.id)
    }

    private mutating func removeFirst() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && heap[child].instant < heap[least].instant {
                least = child
            }
            if least == parent { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
