import CLibPQ
import Glibc

/// Starts a detached thread that takes no signals; false when the system refuses.
///
/// The places where blocking is allowed: the readiness loop itself, connecting (names are resolved) and `PQcancel`.
func startThread(_ name: String, _ body: @escaping @Sendable () -> Void) -> Bool {
    // Retained here, released by the new thread, which runs once, or below when there is none.
    let retained = unsafe Unmanaged.passRetained(ThreadBody(name, body))
    var attributes = pthread_attr_t()
    unsafe pthread_attr_init(&attributes)
    defer { unsafe pthread_attr_destroy(&attributes) }
    unsafe pthread_attr_setdetachstate(&attributes, CInt(PTHREAD_CREATE_DETACHED))
    // Signals belong to the program's own threads; the new thread inherits this mask.
    var all = sigset_t()
    var before = sigset_t()
    unsafe sigfillset(&all)
    unsafe pthread_sigmask(SIG_SETMASK, &all, &before)
    defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
    var thread = pthread_t()
    let status = unsafe pthread_create(
        &thread, &attributes,
        { argument in
            guard let argument = unsafe argument else { return nil }
            let body = unsafe Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue()
            unsafe assetlink_name_thread(body.name)
            body.run()
            return nil
        }, retained.toOpaque())
    if status != 0 { unsafe retained.release() }
    return status == 0
}

/// What crosses `pthread_create`.
private final class ThreadBody: Sendable {
    let name: String
    let run: @Sendable () -> Void

    /// Names what is to run.
    init(_ name: String, _ run: @escaping @Sendable () -> Void) {
        self.name = name
        self.run = run
    }
}
