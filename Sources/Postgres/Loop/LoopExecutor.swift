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
