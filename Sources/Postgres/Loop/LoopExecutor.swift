import Synchronization

/// Runs tasks on a loop's thread: between a command and its answer, nothing has to wake another thread.
///
/// A separate object, and never a serial executor: an actor's steps could be split by what else is on the loop.
final class LoopExecutor: TaskExecutor {
    private let loop: ReadinessLoop

    /// Runs tasks on that loop.
    init(_ loop: ReadinessLoop) { self.loop = loop }

    /// Queues a step of a task.
    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.submit { [self] in unsafe job.runSynchronously(on: asUnownedTaskExecutor()) }
    }
}

/// On which thread a task runs that waits for connections.
package enum LoopTask {
    private static let shared = LoopExecutor(.shared)
    private static let pinned = LoopExecutor(.pinned)

    /// Runs the body on the thread of all connections that are not pinned: it must wait more than it computes.
    package static func beside<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        try await withTaskExecutorPreference(shared) { try await body() }
    }

    /// Runs the body on the thread of the pinned connections: what it computes delays no others.
    package static func pinned<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        try await withTaskExecutorPreference(pinned) { try await body() }
    }
}

/// Something that happens after a while, unless it is called off: on the thread of all connections, which a task's sleep
/// would have other threads wake.
package final class LoopTimer: Sendable {
    private let id = Mutex<DeadlineHeap.ID?>(nil)
    private let isOff = Atomic<Bool>(false)

    /// Runs the action once when the time has come.
    package init(after delay: Duration, _ action: @escaping @Sendable () -> Void) {
        ReadinessLoop.shared.submit { [self] in
            guard !isOff.load(ordering: .acquiring) else { return }
            let deadline = ReadinessLoop.shared.schedule(after: delay, action)
            id.withLock { $0 = deadline }
        }
    }

    /// Calls it off, if it has not happened yet.
    package func cancel() {
        isOff.store(true, ordering: .releasing)
        ReadinessLoop.shared.submit { [self] in
            guard let deadline = id.withLock({ $0.take() }) else { return }
            ReadinessLoop.shared.withdraw(deadline)
        }
    }
}
