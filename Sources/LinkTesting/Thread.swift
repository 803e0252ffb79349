import Glibc

/// A thread for what blocks, which the cooperative pool must not.
final class Thread: Sendable {
    private let run: @Sendable () -> Void

    private init(_ run: @escaping @Sendable () -> Void) { self.run = run }

    /// Runs the body on a thread of its own.
    static func detach(_ body: @escaping @Sendable () -> Void) {
        var thread = pthread_t()
        // Retained here, released by the thread.
        let argument = Unmanaged.passRetained(Thread(body)).toOpaque()
        pthread_create(
            &thread, nil,
            { argument in
                if let argument { Unmanaged<Thread>.fromOpaque(argument).takeRetainedValue().run() }
                return nil
            }, argument)
        pthread_detach(thread)
    }
}

/// Runs a body that blocks on a thread of its own, and waits for it without holding up the cooperative pool.
package func blocking<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { continuation in
        Thread.detach { continuation.resume(returning: body()) }
    }
}

/// Starts a body that blocks on a thread of its own and goes on.
package func onThread(_ body: @escaping @Sendable () -> Void) { Thread.detach(body) }
